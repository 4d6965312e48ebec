// One training iteration of a network on the CPU: forward, loss and backward in one call, in float32 (but see halves.h).
//
// Maps are stored as [image][row][column][channel], channels padded with zeros to whole vectors. The images of a batch
// are split into CHUNKS groups whatever the number of threads; sums over a batch are taken in each group and then over
// the groups in order, so a result depends on neither the threads nor their timing.
//
// Each layer is one pass over the images, in which an image stays in the cache: what the layer before left to do for it
// (batch norm and ReLU forward; the rest of batch norm's gradient backward) is done first, then the layer itself. Images
// that are only read go one by one through all layers (forward.h).

#include "stage.h"
#include "parallel.h"
#include "abreast.h"
#include "maps.h"
#include "patches.h"
#include "norm.h"

static void at_layer(Pass *pass, int number) {
    pass->stage = pass->e->stages + number;
    pass->before = number > pass->e->first ? pass->stage - 1 : 0;
}

static const float *pixels(const Pass *pass, i64 image) { return pass->x + image * pass->e->stages->in_size; }

static const float *input(const Pass *pass, i64 image, float *activation) {
    return pass->before ? activated(pass->before, image, activation) : pixels(pass, image);
}

#include "ink.h"
#include "winograd.h"
#include "weights.h"
#include "pairs.h"
#include "halves.h"
#include "stem.h"
#include "forward.h"

// --- backward -------------------------------------------------------------------------------------------------------

// The gradients of an image, but for the weights' where all images are to be added up at once.
static void convolution_backward(const Pass *pass, int chunk, i64 image, const float *in, const float *g, float *d_in,
                                 float *scratch) {
    Engine *e = pass->e;
    Stage *s = pass->stage;
    add_up(s->height * s->width, s->pitch, g, bias_sums(s, chunk));
    if (is_stem(e, s)) stem_backward(pass, chunk, image, in, g, scratch);
    else if (s->winograd) winograd_gradient(s, in, g, weight_sums(s, chunk), d_in, scratch);
    else if (s->parts > 1) convolve_weight_gradient(s, in, g, 0, s->pitch, weight_sums(s, chunk), scratch);
    if (pass->before && !s->winograd)
        (s->patches ? input_gradient_by_patches : convolve_input_gradient)(s, g, d_in, scratch);
}

static void backward_images(const Pass *pass, int chunk) {
    Engine *e = pass->e;
    Stage *s = pass->stage, *before = pass->before;
    float *activation = own_scratch(pass), *scratch = activation + e->activation;
    double *sums = before ? before->sums + chunk * 2 * before->pitch : 0;
    if (before) memset(sums, 0, sizeof(double) * 2 * before->pitch);
    if (s->layer.kind == CONV) memset(bias_sums(s, chunk), 0, sizeof(float) * s->pitch);
    if (s->parts > 1) memset(weight_sums(s, chunk), 0, sizeof(float) * s->weight_rows * s->pitch);
    if (is_stem(e, s)) clear_stem(e, chunk);
    for (i64 image = chunk_begin(chunk, pass->images); image < chunk_begin(chunk + 1, pass->images); image++) {
        const float *in = input(pass, image, activation);
        float *g = s->gradient + image * s->size, *d_in = before ? before->gradient + image * s->in_size : 0;
        finish_gradient(s, image);
        if (s->layer.kind == CONV) convolution_backward(pass, chunk, image, in, g, d_in, scratch);
        else if (before) pool_gradient(s, image, in, g, d_in);
        if (before) begin_gradient(before, image, in, sums);
    }
}

// The gradient of the weights where there are many: not a group's images here, but some of the channels.
static void backward_channels(const Pass *pass, int chunk) {
    Stage *s = pass->stage;
    float *activation = own_scratch(pass), *scratch = activation + pass->e->activation;
    i64 first = chunk_begin(chunk, s->pitch / LANES) * LANES, end = chunk_begin(chunk + 1, s->pitch / LANES) * LANES;
    for (i64 row = 0; row < s->weight_rows; row++)
        memset(s->partial + row * s->pitch + first, 0, sizeof(float) * (end - first));
    for (i64 image = 0; first < end && image < pass->images; image++)
        convolve_weight_gradient(s, input(pass, image, activation), s->gradient + image * s->size, first, end, s->partial,
                                 scratch);
}

static void backward(Pass *pass) {
    Engine *e = pass->e;
    for (int number = e->count - 1; number >= e->first; number--) {
        at_layer(pass, number);
        Stage *s = pass->stage;
        each_chunk(backward_images, pass);
        if (s->parts == 1) each_chunk(backward_channels, pass);
        if (is_stem(e, s)) each_chunk(blank_backward, pass);
        if (s->layer.kind == CONV) each_chunk(unpack, pass);
        if (is_stem(e, s)) finish_stem(pass);
        if (pass->before) sum_gradient(pass->before, pass->images);
    }
}

// --- what Python calls ------------------------------------------------------------------------------------------

// How many threads compute from now on; at least one, and at most as many as the engine was made for.
void engine_use_threads(Engine *e, int threads) {
    e->wanted = threads < 1 ? 1 : threads < e->threads ? threads : e->threads;
}

// From now on this share of a label, from 0 to 1, is spread evenly over all classes.
void engine_smooth_labels(Engine *e, float share) { e->smoothing = share; }

// Whether the products of a stem may be of bfloat16 here.
int engine_knows_halves(void) { return MULTIPLIES_PAIRS; }

// From now on they are, when it trains; 0 where that cannot be, or memory is refused: then the engine is good for nothing.
int engine_use_halves(Engine *e) { return set_up_halves(e); }

// Forward in eval mode: x (images, height, width), scores (images, classes), at least one image. One call on an engine
// at a time: also of engine_iterate.
void engine_scores(Engine *e, const float *x, int images, float *scores) {
    Pass pass = {.e = e, .x = x, .images = images, .scores = scores};
    read_batch(&pass);
}

// Forward and backward in train mode; fills the gradients of the mean loss and the running statistics. At most as many
// images as the engine is for, labels from 0 to the last channel of the last layer.
void engine_iterate(Engine *e, const float *x, const int64_t *labels, int images, uint32_t seed, double *loss,
                 int64_t *correct) {
    Pass pass = {.e = e, .x = x, .images = images, .labels = labels, .training = 1};
    for (int i = 0; i < e->count; i++) e->stages[i].seed = seed + 0x632BE5ABu * (i + 1);
    forward(&pass);
    each_chunk(lose_images, &pass);
    backward(&pass);
    for (int i = 0; i < images; i++) *loss += e->losses[i], *correct += e->right[i];
}

static void size_scratch(Engine *e, i64 floats) {
    if (floats > e->scratch_size) e->scratch_size = floats;
}

// The elements under a kernel of a map with rows of `width` positions; those of a kernel row are neighbours where the
// channels have no padding.
static Terms terms(Engine *e, i64 kernel, i64 columns, i64 channels, i64 pitch, i64 width) {
    i64 together = channels == pitch ? columns : 1, runs = kernel * columns / together;
    Terms t = {.count = times(e, kernel * columns, channels), .run = together * channels, .offset = zeros(e, runs, 8)};
    for (i64 i = 0; t.offset && i < runs; i++) {
        i64 position = i * together;
        t.offset[i] = (position / columns * width + position % columns) * pitch;
    }
    return t;
}

// Which rows of a kernel lie in padding, where the first one lies at `top` for line 0.
static void leave_padding_out(Terms *t, i64 kernel, i64 top, i64 step, i64 limit) {
    t->kernel = kernel, t->top = top, t->step = step, t->limit = limit;
}

static i64 most(i64 a, i64 b) { return a > b ? a : b; }

// Term by term; in the stem, which goes by lines of its own, nothing shares a vector and no padding is left out.
static void set_up_terms(Engine *e, Stage *s, int of_stem) {
    i64 k = s->layer.kernel, stride = s->layer.stride, columns, in_columns;
    s->abreast = of_stem ? 1 : positions_abreast(k, stride, s->in_channels, s->channels, s->width);
    s->in_abreast = s->in_pitch == 1 ? 1 : positions_abreast(k, 1, s->channels, s->in_channels, s->in_width);
    s->patches = !of_stem && goes_by_map(s);
    if (s->patches) s->in_abreast = 1;
    columns = wider_kernel(k, stride, s->abreast), in_columns = wider_kernel(k, 1, s->in_abreast);
    s->line = most(s->in_width + 2 * s->layer.padding, columns_seen(k, stride, s->width, s->abreast));
    s->spread_line = columns_seen(k, 1, s->in_width, s->in_abreast);
    s->terms = terms(e, k, columns, s->in_channels, s->in_pitch, s->line);
    s->flipped_terms = s->patches ? terms(e, 1, 1, s->channels, s->pitch, 1)
                                  : terms(e, k, in_columns, s->channels, s->pitch, s->spread_line);
    if (!of_stem) leave_padding_out(&s->terms, k, -s->layer.padding, stride, s->in_height);
    if (!of_stem && !s->patches)
        leave_padding_out(&s->flipped_terms, k, s->layer.padding - (k - 1), 1, (s->height - 1) * stride + 1);
    size_scratch(e, padded_size(s) + room_abreast(s->height, s->width, s->abreast));
    size_scratch(e, s->patches ? patches_scratch(s)
                               : spread_size(s) + room_abreast(s->in_height, s->in_width, s->in_abreast));
}

static void set_up_points(Engine *e, Stage *s) {
    i64 tiles = tiles_of(s);
    s->abreast = s->in_abreast = 1;
    s->tiles = zeros(e, tiles, 4), e->most_tiles = most(e->most_tiles, tiles);
    for (i64 i = 0; s->tiles && i < tiles; i++) s->tiles[i] = i;
    s->terms = terms(e, 1, 1, s->in_channels, s->in_pitch, 1);
    s->flipped_terms = terms(e, 1, 1, s->channels, s->pitch, 1);
    size_scratch(e, winograd_scratch(s));
}

// Sixteen sums of many weights are more than a core's own cache holds, and to clear them, to read and write them for every
// image and to add them up takes longer than to make each image's input anew for each group of channels.
static int gradient_parts(const Stage *s) {
    i64 weights = s->weight_rows * s->pitch, inputs = CHUNKS * LANES * padded_size(s);
    int many = !s->winograd && weights >= MANY_WEIGHTS && s->pitch >= 4 * LANES;
    return many && inputs < s->height * s->width * weights ? 1 : CHUNKS;
}

static void set_up_convolution(Engine *e, Stage *s, int of_stem) {
    s->winograd = fits_winograd(s);
    if (s->winograd) set_up_points(e, s);
    else set_up_terms(e, s, of_stem);
    if (!s->layer.bias) {
        s->no_bias = zeros(e, 2 * s->channels, 4);
        s->layer.bias = s->no_bias, s->layer.d_bias = s->no_bias ? s->no_bias + s->channels : 0;
    }
    i64 points = s->winograd ? TILE_POINTS : 1;
    s->weight_rows = times(e, points, s->terms.count);
    s->packed = zeros(e, times(e, s->weight_rows, s->pitch), 4), s->packed_bias = zeros(e, s->pitch, 4);
    i64 columns = s->patches ? patch_size(s) : s->in_pitch;
    s->flipped = zeros(e, times(e, times(e, points, s->flipped_terms.count), columns), 4);
    s->parts = of_stem ? CHUNKS : gradient_parts(s);
    s->partial = zeros(e, times(e, s->parts * s->weight_rows + CHUNKS, s->pitch), 4);
}

static void set_up(Engine *e, Stage *s, const Layer *layer, int number, i64 channels, i64 height, i64 width) {
    i64 k = layer->kernel, pad = layer->padding;
    s->layer = *layer;
    s->in_channels = channels, s->in_height = height, s->in_width = width;
    s->in_pitch = number ? padded(channels) : 1;
    s->channels = layer->kind == CONV ? layer->channels : channels;
    s->pitch = padded(s->channels), s->abreast = 1;
    s->height = (height + 2 * pad - k) / layer->stride + 1, s->width = (width + 2 * pad - k) / layer->stride + 1;
    s->in_size = times(e, height * width, s->in_pitch), s->size = times(e, s->height * s->width, s->pitch);
    s->scale = zeros(e, s->pitch, 4), s->shift = zeros(e, s->pitch, 4);
    s->mean = zeros(e, s->pitch, 4), s->inverse = zeros(e, s->pitch, 4);
    s->mean_g = zeros(e, s->pitch, 4), s->mean_gx = zeros(e, s->pitch, 4);
    s->sums = zeros(e, CHUNKS * 2 * s->pitch, 8);
    if (!layer->batch_norm) for (i64 c = 0; s->scale && c < s->pitch; c++) s->scale[c] = 1;
    int absorbed = e->first && number == 0;  // the stem never makes this layer's maps
    if (!absorbed) {
        s->map = zeros(e, times(e, most(e->batch, e->threads), s->size), 4);  // each thread that reads has a place
        s->gradient = zeros(e, times(e, e->batch, s->size), 4);
        s->blank = zeros(e, s->size, 4);
    }
    e->most_rows = most(e->most_rows, s->height);
    if (s->size > e->activation) e->activation = s->size;
    size_scratch(e, s->channels);
    s->drop_below = (uint32_t)(layer->dropout * 4294967296.0);
    if (layer->kind == CONV) set_up_convolution(e, s, e->first && number < 2);
}

// Also of an engine that was made in part. No call on it may be at work.
void engine_free(Engine *e) {
    pool_free(e->pool);
    for (Block *block = e->blocks, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    free(e);
}

// For batches of at most `batch` images of one channel; null where the memory for it is not to be had. The layers make
// a network that can be built (lab/layers.py checks it): each kernel fits its padded map, nothing is less than 1 but
// padding. Free it with engine_free.
Engine *engine_new(const Layer *layers, int count, int height, int width, int batch, int threads) {
    Engine *e = calloc(1, sizeof(Engine));
    if (!e) return 0;
    e->count = count, e->batch = batch, e->threads = e->wanted = threads < CHUNKS ? threads : CHUNKS;
    e->first = count > 2 && fits_stem(layers);
    e->stages = zeros(e, count, sizeof(Stage));
    e->losses = zeros(e, batch, 4), e->right = zeros(e, batch, 4);
    e->blank = zeros(e, height * width, 4), e->most_rows = height;
    i64 channels = 1, rows = height, columns = width;
    for (int i = 0; i < count && !e->refused; i++) {
        Stage *s = e->stages + i;
        set_up(e, s, layers + i, i, channels, rows, columns);
        channels = s->channels, rows = s->height, columns = s->width;
    }
    if (e->first && !e->refused) {
        set_up_stem(e);
        size_scratch(e, stem_scratch(e));
    }
    e->scratch_size = (e->scratch_size + e->activation + 63) / 64 * 64;
    e->scratch = zeros(e, times(e, e->threads, e->scratch_size), 4);
    e->tiles = zeros(e, times(e, e->threads, e->most_tiles), 4);
    e->seen = zeros(e, times(e, 2 * e->threads, e->most_rows), sizeof(Span));
    e->pool = e->refused ? 0 : pool_new(e->threads);
    if (!e->refused) return e;
    engine_free(e);
    return 0;
}

// What a caller checks its own description of a layer with, and its estimate of an engine's memory.
int64_t engine_layer_size(void) { return sizeof(Layer); }
int64_t engine_bytes(const Engine *e) { return e->bytes; }
