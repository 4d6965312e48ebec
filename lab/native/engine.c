// One training step of a network on the CPU: forward, loss and backward in one call, in float32.
//
// Maps are stored as [image][row][column][channel], channels padded with zeros to whole vectors. The images of a batch
// are split into CHUNKS groups whatever the number of threads; sums over a batch are taken in each group and then over
// the groups in order, so a result depends on neither the threads nor their timing.
//
// Each layer is one pass over the images, in which an image stays in the cache: what the layer before left to do for it
// (batch norm and ReLU forward; the rest of batch norm's gradient backward) is done first, then the layer itself.

#include "tiles.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { CONV, MAX_POOL, AVERAGE_POOL };
enum { CHUNKS = 16 };
static const float EPSILON = 1e-5f, MOMENTUM = 0.1f;  // of torch's batch norm

typedef struct {  // filled by engine.py; arrays as torch keeps them: weight (out, in, kernel, kernel)
    int32_t kind, kernel, stride, padding, channels, batch_norm, relu;
    float dropout;
    const float *weight, *bias, *gamma, *beta;
    float *running_mean, *running_var, *d_weight, *d_bias, *d_gamma, *d_beta;
} Layer;

typedef struct {
    Layer layer;
    int in_channels, in_step, in_height, in_width;  // a step is the distance of neighbouring positions, in floats
    int channels, step, height, width;
    long in_size, size;            // floats an image
    long terms;                    // kernel * kernel * in_channels
    int *offset;                   // of each term in a padded input image
    float *packed, *packed_bias;   // weight as [term][channel]
    float *flipped;                // weight for the gradient of the input, as [term'][input channel]
    int *flipped_offset;
    float *scale, *shift;          // batch norm as one multiplication and addition
    float *mean, *inverse;         // of the batch, and 1 / its standard deviation
    float *mean_g, *mean_gx;       // batch means of the gradient, and of it times the normalised value
    float *pre, *post, *gradient;  // before and after batch norm and ReLU; loss by post, later by pre
    float *partial;                // [chunk][terms + 1][step]: gradients of weight and bias
    double *sums;                  // [chunk][2][step]
    uint32_t seed;
} Stage;

typedef struct {
    Stage *stages;
    int count, first, threads;     // first is 1 where the first two convolutions are done as one, the stem
    long batch, scratch_size;
    float *scratch;                // one a thread
    float *losses;
    int32_t *right;
    int images;                    // of the batch in hand
    double *patches, *patch_sums, *slopes;  // of the stem, see there
} Engine;

static int padded(int channels) { return (channels + LANES - 1) / LANES * LANES; }
static int chunk_begin(int chunk, int images) { return (int)((long)chunk * images / CHUNKS); }
static void *zeros(long count, long size) { return calloc(count > 0 ? count : 1, size); }

// --- one image through one convolution or pooling ---------------------------------------------------------------

// The image with its padding, or itself where it needs none.
static const float *with_padding(const Stage *s, const float *image, float *scratch) {
    int pad = s->layer.padding, width = s->in_width + 2 * pad;
    if (!pad) return image;
    memset(scratch, 0, sizeof(float) * (s->in_height + 2 * pad) * width * s->in_step);
    for (int y = 0; y < s->in_height; y++)
        memcpy(scratch + ((y + pad) * width + pad) * s->in_step, image + y * s->in_width * s->in_step,
               sizeof(float) * s->in_width * s->in_step);
    return scratch;
}

static long row_length(const Stage *s) { return (long)(s->in_width + 2 * s->layer.padding) * s->in_step; }

static void convolve(const Stage *s, const float *image, float *out, float *scratch) {
    const float *in = with_padding(s, image, scratch);
    for (int y = 0; y < s->height; y++)
        rows(s->width, s->step, s->terms, s->offset, in + y * s->layer.stride * row_length(s),
             s->layer.stride * s->in_step, s->packed, s->packed_bias, out + y * s->width * s->step);
}

static void convolve_weight_gradient(const Stage *s, const float *image, const float *d, float *into, float *scratch) {
    const float *in = with_padding(s, image, scratch);
    for (int y = 0; y < s->height; y++)
        outer(s->width, s->step, s->terms, s->offset, in + y * s->layer.stride * row_length(s),
              s->layer.stride * s->in_step, d + y * s->width * s->step, into);
}

// A convolution of the gradient, spread by the stride and padded, with the flipped kernel.
static void convolve_input_gradient(const Stage *s, const float *d, float *d_in, float *scratch) {
    int k = s->layer.kernel, stride = s->layer.stride, lead = k - 1 - s->layer.padding;
    int height = s->in_height + k - 1, width = s->in_width + k - 1;
    memset(scratch, 0, sizeof(float) * height * width * s->step);
    for (int y = 0; y < s->height; y++)
        for (int x = 0; x < s->width; x++) {
            int row = y * stride + lead, column = x * stride + lead;
            if (row >= 0 && row < height && column >= 0 && column < width)
                memcpy(scratch + (row * width + column) * s->step, d + (y * s->width + x) * s->step,
                       sizeof(float) * s->step);
        }
    for (int y = 0; y < s->in_height; y++)
        rows(s->in_width, s->in_step, (long)k * k * s->channels, s->flipped_offset,
             scratch + (long)y * width * s->step, s->step, s->flipped, 0, d_in + y * s->in_width * s->in_step);
}

// A different random number for each element of each step: the finaliser of MurmurHash3 on a counter.
INLINE bits hash(uint32_t seed, uint32_t index) {
    bits h;
    UNROLL for (int i = 0; i < LANES; i++) h[i] = index + i;
    h = (h ^ seed) * 0x9E3779B1u;
    h = (h ^ (h >> 16)) * 0x85EBCA6Bu;
    h = (h ^ (h >> 13)) * 0xC2B2AE35u;
    return h ^ (h >> 16);
}

INLINE vec dropped(const Stage *s, long index, vec value) {
    uint32_t limit = (uint32_t)(s->layer.dropout * 4294967296.0);
    return where((mask)(hash(s->seed, (uint32_t)index) >= limit), value * (1 / (1 - s->layer.dropout)));
}

static void pool(const Stage *s, long image, const float *in, float *out, int training) {
    int k = s->layer.kernel, drop = training && s->layer.dropout > 0;
    for (int y = 0; y < s->height; y++)
        for (int x = 0; x < s->width; x++)
            for (int c = 0; c < s->step; c += LANES) {
                vec best = all(s->layer.kind == MAX_POOL ? -INFINITY : 0);
                for (int row = y * s->layer.stride - s->layer.padding, j = 0; j < k; j++, row++)
                    for (int column = x * s->layer.stride - s->layer.padding, i = 0; i < k; i++, column++) {
                        if (row < 0 || row >= s->in_height || column < 0 || column >= s->in_width) continue;
                        vec value = load(in + (row * s->in_width + column) * s->step + c);
                        if (s->layer.kind == MAX_POOL) best = larger(value, best);
                        else best += value * (1.0f / (k * k));
                    }
                long at = (y * s->width + x) * s->step + c;
                store(out + at, drop ? dropped(s, image * s->size + at, best) : best);
            }
}

// The gradient of a maximum goes to the first element that has it, as torch's does.
static void pool_gradient(const Stage *s, long image, const float *in, const float *d, float *d_in) {
    int k = s->layer.kernel;
    memset(d_in, 0, sizeof(float) * s->in_size);
    for (int y = 0; y < s->height; y++)
        for (int x = 0; x < s->width; x++)
            for (int c = 0; c < s->step; c += LANES) {
                long at = (y * s->width + x) * s->step + c;
                vec rest = load(d + at), best = all(-INFINITY);
                if (s->layer.dropout > 0) rest = dropped(s, image * s->size + at, rest);
                for (int pass = s->layer.kind == MAX_POOL ? 0 : 1; pass < 2; pass++)
                    for (int row = y * s->layer.stride - s->layer.padding, j = 0; j < k; j++, row++)
                        for (int column = x * s->layer.stride - s->layer.padding, i = 0; i < k; i++, column++) {
                            if (row < 0 || row >= s->in_height || column < 0 || column >= s->in_width) continue;
                            long from = (row * s->in_width + column) * s->step + c;
                            vec value = load(in + from);
                            if (s->layer.kind == AVERAGE_POOL) {
                                store(d_in + from, load(d_in + from) + rest * (1.0f / (k * k)));
                            } else if (pass == 0) {
                                best = larger(value, best);
                            } else {
                                mask here = (mask)(value == best);
                                store(d_in + from, load(d_in + from) + where(here, rest));
                                rest = where(~here, rest);
                            }
                        }
            }
}

// --- batch norm and ReLU ----------------------------------------------------------------------------------------

static void add_to(double *sums, vec values) {
    for (int i = 0; i < LANES; i++) sums[i] += values[i];
}

// Adds an image's sums of the values and of their squares.
static void add_moments(const Stage *s, const float *pre, double *sums) {
    for (long row = 0; row < s->size; row += s->width * s->step)  // a row at a time: short sums round little
        for (int c = 0; c < s->step; c += LANES) {
            vec sum = {0}, squares = {0};
            for (long at = row + c; at < row + s->width * s->step; at += s->step) {
                vec value = load(pre + at);
                sum += value, squares += value * value;
            }
            add_to(sums + c, sum), add_to(sums + s->step + c, squares);
        }
}

static void set_batch_norm(Stage *s, int c, double mean, double variance) {
    s->mean[c] = mean;
    s->inverse[c] = 1 / sqrt(variance + EPSILON);
    s->scale[c] = s->layer.gamma[c] * s->inverse[c];
    s->shift[c] = s->layer.beta[c] - s->mean[c] * s->scale[c];
}

static void use_batch_moments(Stage *s, int c, double mean, double variance, double count) {
    Layer *l = &s->layer;
    set_batch_norm(s, c, mean, variance);
    l->running_mean[c] += MOMENTUM * ((float)mean - l->running_mean[c]);
    l->running_var[c] += MOMENTUM * ((float)(variance * count / (count > 1 ? count - 1 : 1)) - l->running_var[c]);
}

static double over_chunks(const Stage *s, int row, int c) {
    double sum = 0;
    for (int chunk = 0; chunk < CHUNKS; chunk++) sum += s->sums[(chunk * 2 + row) * s->step + c];
    return sum;
}

static void finish_batch_norm(Stage *s, long images, int training) {
    double count = (double)images * s->height * s->width;
    for (int c = 0; c < s->channels && s->layer.batch_norm; c++)
        if (training) {
            double mean = over_chunks(s, 0, c) / count, square = over_chunks(s, 1, c) / count - mean * mean;
            use_batch_moments(s, c, mean, square > 0 ? square : 0, count);
        } else {
            set_batch_norm(s, c, s->layer.running_mean[c], s->layer.running_var[c]);
        }
}

static void activate(const Stage *s, long image) {
    const float *pre = s->pre + image * s->size;
    float *post = s->post + image * s->size;
    if (s->layer.kind != CONV || !s->layer.relu) return;
    for (int c = 0; c < s->step; c += LANES) {
        vec scale = load(s->scale + c), shift = load(s->shift + c), none = {0};
        for (long at = c; at < s->size; at += s->step) {
            vec value = load(pre + at) * scale + shift;
            store(post + at, larger(value, none));
        }
    }
}

// ReLU's part of the gradient, and the sums that batch norm's part needs.
static void begin_gradient(const Stage *s, long image, double *sums) {
    const float *pre = s->pre + image * s->size, *post = s->post + image * s->size;
    float *g = s->gradient + image * s->size;
    if (s->layer.kind != CONV || !s->layer.relu) return;
    for (int c = 0; c < s->step; c += LANES) {
        vec sum = {0}, product = {0}, none = {0}, mean = load(s->mean + c), inverse = load(s->inverse + c);
        for (long at = c; at < s->size; at += s->step) {
            vec value = where((mask)(load(post + at) > none), load(g + at));
            store(g + at, value);
            sum += value, product += value * ((load(pre + at) - mean) * inverse);
        }
        if (s->layer.batch_norm) add_to(sums + c, sum), add_to(sums + s->step + c, product);
    }
}

static void sum_gradient(Stage *s, long images) {
    double count = (double)images * s->height * s->width;
    for (int c = 0; c < s->channels && s->layer.kind == CONV && s->layer.batch_norm; c++) {
        double g = over_chunks(s, 0, c), gx = over_chunks(s, 1, c);
        s->layer.d_beta[c] = g, s->layer.d_gamma[c] = gx;
        s->mean_g[c] = g / count, s->mean_gx[c] = gx / count;
    }
}

static void finish_gradient(const Stage *s, long image) {
    const float *pre = s->pre + image * s->size;
    float *g = s->gradient + image * s->size;
    if (s->layer.kind != CONV || !s->layer.batch_norm) return;
    for (int c = 0; c < s->step; c += LANES) {
        vec scale = load(s->scale + c), mean = load(s->mean + c), inverse = load(s->inverse + c);
        vec mean_g = load(s->mean_g + c), mean_gx = load(s->mean_gx + c) * inverse;
        for (long at = c; at < s->size; at += s->step)
            store(g + at, scale * (load(g + at) - mean_g - (load(pre + at) - mean) * mean_gx));
    }
}

// --- whole batches ----------------------------------------------------------------------------------------------

static void pack(Stage *s) {
    int k2 = s->layer.kernel * s->layer.kernel;
    for (int o = 0; o < s->channels; o++) {
        s->packed_bias[o] = s->layer.bias[o];
        for (int i = 0; i < s->in_channels; i++)
            for (int t = 0; t < k2; t++) {
                float w = s->layer.weight[(o * s->in_channels + i) * k2 + t];
                s->packed[(t * s->in_channels + i) * s->step + o] = w;
                if (s->in_step > 1) s->flipped[((k2 - 1 - t) * s->channels + o) * s->in_step + i] = w;
            }
    }
}

static void unpack_gradient(const Stage *s) {
    int k2 = s->layer.kernel * s->layer.kernel;
    long whole = (s->terms + 1) * s->step;
    #pragma omp parallel for schedule(static)
    for (long t = 0; t <= s->terms; t++)
        for (int o = 0; o < s->channels; o++) {
            float sum = 0;
            for (int chunk = 0; chunk < CHUNKS; chunk++) sum += s->partial[chunk * whole + t * s->step + o];
            if (t == s->terms) s->layer.d_bias[o] = sum;
            else s->layer.d_weight[(o * s->in_channels + t % s->in_channels) * k2 + t / s->in_channels] = sum;
        }
}

#include "stem.h"

static void forward(Engine *e, const float *x, int images, int training) {
    for (int number = e->first; number < e->count; number++) {
        Stage *s = e->stages + number, *before = number > e->first ? s - 1 : 0;
        int stem = e->first && number == 1;
        if (stem) prepare_stem(e, x, images, training);
        else if (s->layer.kind == CONV) pack(s);
        #pragma omp parallel for schedule(dynamic) num_threads(e->threads)
        for (int chunk = 0; chunk < CHUNKS; chunk++) {
            float *scratch = e->scratch + omp_get_thread_num() * e->scratch_size;
            double *sums = s->sums + chunk * 2 * s->step;
            memset(sums, 0, sizeof(double) * 2 * s->step);
            for (long image = chunk_begin(chunk, images); image < chunk_begin(chunk + 1, images); image++) {
                const float *in = before ? before->post + image * s->in_size : x + image * e->stages->in_size;
                float *pre = s->pre + image * s->size;
                if (before) activate(before, image);
                if (stem) stem_forward(e, in, pre, scratch);
                else if (s->layer.kind == CONV) convolve(s, in, pre, scratch);
                else pool(s, image, in, s->post + image * s->size, training);
                if (s->layer.kind == CONV && s->layer.batch_norm && training) add_moments(s, pre, sums);
            }
        }
        if (s->layer.kind == CONV) finish_batch_norm(s, images, training);
    }
}

// Global average pooling, softmax and cross-entropy; leaves the gradient of the mean loss.
static void score(Engine *e, int images, const int64_t *labels, float *scores) {
    Stage *s = e->stages + e->count - 1;
    long positions = (long)s->height * s->width;
    #pragma omp parallel for schedule(dynamic) num_threads(e->threads)
    for (int image = 0; image < images; image++) {
        activate(s, image);
        const float *post = s->post + image * s->size;
        float mean[s->channels], highest = -INFINITY, total = 0;
        int best = 0;
        for (int c = 0; c < s->channels; c++) {
            mean[c] = 0;
            for (long p = 0; p < positions; p++) mean[c] += post[p * s->step + c];
            mean[c] /= positions;
            if (scores) scores[image * s->channels + c] = mean[c];
            if (mean[c] > highest) highest = mean[c], best = c;
        }
        if (!labels) continue;
        for (int c = 0; c < s->channels; c++) total += expf(mean[c] - highest);
        e->losses[image] = logf(total) + highest - mean[labels[image]];
        e->right[image] = best == labels[image];
        float *g = s->gradient + image * s->size;
        for (int c = 0; c < s->channels; c++) {
            float d = (expf(mean[c] - highest) / total - (c == labels[image])) / images / positions;
            for (long p = 0; p < positions; p++) g[p * s->step + c] = d;
        }
    }
}

static void backward(Engine *e, const float *x, int images) {
    for (int number = e->count - 1; number >= e->first; number--) {
        Stage *s = e->stages + number, *before = number > e->first ? s - 1 : 0;
        int stem = e->first && number == 1;
        #pragma omp parallel for schedule(dynamic) num_threads(e->threads)
        for (int chunk = 0; chunk < CHUNKS; chunk++) {
            float *scratch = e->scratch + omp_get_thread_num() * e->scratch_size;
            float *partial = s->partial + chunk * (s->terms + 1) * s->step;
            double *sums = before ? before->sums + chunk * 2 * before->step : 0;
            if (before) memset(sums, 0, sizeof(double) * 2 * before->step);
            if (s->layer.kind == CONV) memset(partial, 0, sizeof(float) * (s->terms + 1) * s->step);
            if (stem) clear_stem(e, chunk);
            for (long image = chunk_begin(chunk, images); image < chunk_begin(chunk + 1, images); image++) {
                const float *in = before ? before->post + image * s->in_size : x + image * e->stages->in_size;
                float *g = s->gradient + image * s->size, *d_in = before ? before->gradient + image * s->in_size : 0;
                finish_gradient(s, image);
                if (s->layer.kind != CONV) {
                    if (before) pool_gradient(s, image, in, g, d_in);
                } else {
                    static const int none = 0;
                    const float one = 1;
                    outer((long)s->height * s->width, s->step, 1, &none, &one, 0, g, partial + s->terms * s->step);
                    if (stem) stem_backward(e, chunk, in, g, partial, scratch);
                    else convolve_weight_gradient(s, in, g, partial, scratch);
                    if (before) convolve_input_gradient(s, g, d_in, scratch);
                }
                if (before) begin_gradient(before, image, sums);
            }
        }
        if (s->layer.kind == CONV) unpack_gradient(s);
        if (stem) finish_stem(e);
        if (before) sum_gradient(before, images);
    }
}

// --- what Python calls ------------------------------------------------------------------------------------------

// Forward in eval mode: x (images, height, width), scores (images, classes).
void engine_scores(Engine *e, const float *x, int images, float *scores) {
    forward(e, x, images, 0);
    score(e, images, 0, scores);
}

// Forward and backward in train mode; fills the gradients of the mean loss and the running statistics.
void engine_step(Engine *e, const float *x, const int64_t *labels, int images, uint32_t seed, double *loss,
                 int64_t *correct) {
    e->images = images;
    for (int i = 0; i < e->count; i++) e->stages[i].seed = seed + 0x632BE5ABu * (i + 1);
    forward(e, x, images, 1);
    score(e, images, labels, 0);
    backward(e, x, images);
    for (int i = 0; i < images; i++) *loss += e->losses[i], *correct += e->right[i];
}

static void size_scratch(Engine *e, long floats) {
    if (floats > e->scratch_size) e->scratch_size = (floats + 63) / 64 * 64;
}

static void set_up(Engine *e, Stage *s, const Layer *layer, int number, int channels, int height, int width) {
    int k = layer->kernel, pad = layer->padding;
    s->layer = *layer;
    s->in_channels = channels, s->in_height = height, s->in_width = width;
    s->in_step = number ? padded(channels) : 1;
    s->channels = layer->kind == CONV ? layer->channels : channels;
    s->step = padded(s->channels);
    s->height = (height + 2 * pad - k) / layer->stride + 1, s->width = (width + 2 * pad - k) / layer->stride + 1;
    s->in_size = (long)height * width * s->in_step, s->size = (long)s->height * s->width * s->step;
    s->terms = (long)k * k * channels;
    s->scale = zeros(s->step, 4), s->shift = zeros(s->step, 4);
    s->mean = zeros(s->step, 4), s->inverse = zeros(s->step, 4);
    s->mean_g = zeros(s->step, 4), s->mean_gx = zeros(s->step, 4);
    s->sums = zeros(CHUNKS * 2 * s->step, 8);
    if (!layer->batch_norm) for (int c = 0; c < s->step; c++) s->scale[c] = 1;
    int absorbed = e->first && number == 0;  // the stem never makes this layer's maps
    if (!absorbed) {
        s->post = zeros(e->batch * s->size, 4), s->gradient = zeros(e->batch * s->size, 4);
        s->pre = layer->kind == CONV && layer->batch_norm ? zeros(e->batch * s->size, 4) : s->post;
    }
    if (layer->kind != CONV) return;
    s->offset = zeros(s->terms, 4), s->flipped_offset = zeros((long)k * k * s->channels, 4);
    s->packed = zeros(s->terms * s->step, 4), s->packed_bias = zeros(s->step, 4);
    s->flipped = zeros((long)k * k * s->channels * s->in_step, 4);
    s->partial = zeros(CHUNKS * (s->terms + 1) * s->step, 4);
    for (int j = 0; j < k; j++)
        for (int i = 0; i < k; i++) {
            for (int c = 0; c < channels; c++)
                s->offset[(j * k + i) * channels + c] = (j * (width + 2 * pad) + i) * s->in_step + c;
            for (int c = 0; c < s->channels; c++)
                s->flipped_offset[(j * k + i) * s->channels + c] = (j * (width + k - 1) + i) * s->step + c;
        }
    size_scratch(e, (long)(height + 2 * pad) * (width + 2 * pad) * s->in_step);
    size_scratch(e, (long)(height + k - 1) * (width + k - 1) * s->step);
}

void engine_free(Engine *e) {
    for (int i = 0; i < e->count; i++) {
        Stage *s = e->stages + i;
        if (s->pre != s->post) free(s->pre);
        free(s->post), free(s->gradient), free(s->offset), free(s->flipped_offset), free(s->packed);
        free(s->packed_bias), free(s->flipped), free(s->partial), free(s->sums), free(s->scale), free(s->shift);
        free(s->mean), free(s->inverse), free(s->mean_g), free(s->mean_gx);
    }
    free(e->patches), free(e->patch_sums), free(e->slopes);
    free(e->stages), free(e->scratch), free(e->losses), free(e->right), free(e);
}

// For batches of at most `batch` images of one channel.
Engine *engine_new(const Layer *layers, int count, int height, int width, int batch, int threads) {
    Engine *e = zeros(1, sizeof(Engine));
    e->count = count, e->batch = batch, e->threads = threads < CHUNKS ? threads : CHUNKS;
    e->first = count > 2 && is_stem(layers);
    e->stages = zeros(count, sizeof(Stage));
    e->losses = zeros(batch, 4), e->right = zeros(batch, 4);
    int channels = 1;
    for (int i = 0; i < count; i++) {
        Stage *s = e->stages + i;
        set_up(e, s, layers + i, i, channels, height, width);
        channels = s->channels, height = s->height, width = s->width;
    }
    if (e->first) {
        long terms = e->stages->terms, size = terms * padded(terms + 1);
        e->patches = zeros(CHUNKS * size, 8), e->patch_sums = zeros(size, 8);
        e->slopes = zeros(e->stages->channels * terms, 8);
        size_scratch(e, stem_scratch(e));
    }
    e->scratch = zeros(e->threads * e->scratch_size, 4);
    return e;
}
