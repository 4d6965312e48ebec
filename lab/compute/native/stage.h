// What the engine knows of a layer, and of a network.

#include "tiles.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CONV, MAX_POOL, AVERAGE_POOL };
enum { CHUNKS = 16, LINE = 64, MANY_WEIGHTS = 32768 };  // groups of a batch; bytes of a line of the cache
static const float EPSILON = 1e-5f, MOMENTUM = 0.1f;  // of torch's batch norm

// A layer as engine.py describes it. The arrays are torch's and stay torch's: weight (out, in, kernel, kernel), the
// others (out); bias and d_bias are null where there is none. Whoever makes an engine keeps them where they are until
// it is freed: it reads and writes them in place. engine_layer_size says how many bytes this is, for a caller to compare
// with its own description.
typedef struct {
    int32_t kind, kernel, stride, padding, channels, batch_norm, relu;
    float dropout;
    const float *weight, *bias, *gamma, *beta;
    float *running_mean, *running_var, *d_weight, *d_bias, *d_gamma, *d_beta;
} Layer;

typedef struct {
    int begin, end;  // rows or columns, up to `end`
} Span;

typedef struct {
    Span rows, columns;
} Box;

// A layer at work. All arrays but those of `layer` are the engine's own.
typedef struct {
    Layer layer;
    i64 in_channels, in_pitch, in_height, in_width;  // a pitch is the distance of neighbouring positions, in floats
    i64 channels, pitch, height, width;
    i64 in_size, size;             // floats an image
    int winograd;                  // whether a convolution goes by way of points (winograd.h) or term by term (maps.h)
    int32_t *tiles;                // the numbers of all tiles of its map, of such a one
    int patches;                   // whether its input's gradient goes by the map (patches.h) or by the input (maps.h)
    i64 abreast, in_abreast;       // positions that share a vector (abreast.h): of the map, and of the input's gradient
    i64 line, spread_line;         // columns of the padded input, and of the spread gradient, that are computed with
    i64 weight_rows;               // of a convolution: points or elements of a kernel, times in_channels
    float *no_bias;                // where the layer has none: zeros, and behind them what would be their gradient
    float *packed, *packed_bias;   // weight as [weight row][channel]
    float *flipped;                // weight for the gradient of the input, as [weight row'][input channel], or of
                                   // patches as [channel][element of a patch]
    Terms terms, flipped_terms;    // what is added up for an element of the map, in a padded input image; and for one of
                                   // the input's gradient, in a padded gradient. Of points and of
                                   // patches: the channels
    float *scale, *shift;          // batch norm as one multiplication and addition
    float *mean, *inverse;         // of the batch, and 1 / its standard deviation
    float *mean_g, *mean_gx;       // batch means of the gradient, and of it times the normalised value
    float *map, *gradient;         // [image] of a whole batch; not of a layer within the stem. Its output before batch
                                   // norm and ReLU, or behind ReLU where no batch norm comes between; the loss by what
                                   // the next layer sees of it, later by the map itself
    float *blank;                  // the map of an image of background
    uint32_t drop_below;           // random numbers below it mean: dropped
    int parts;                     // of the gradient of the weights: a sum for each group of a batch, or one for all
    float *partial;                // [part][weight row][pitch], and then for the bias [chunk][pitch]
    double *sums;                  // [chunk][2][pitch]
    uint32_t seed;
} Stage;

typedef struct Pool Pool;  // threads, see parallel.h

typedef struct Block {
    struct Block *next;
} Block;  // stands before the memory of an array

// Everything here is the engine's own. Scratch is a thread's for one group of a batch: `scratch_size` floats each,
// of which the first `activation` hold an activated image (the largest map), and the rest what the layer in hand needs.
// Each layer says at set_up how much that is (size_scratch): a convolution its padded input or its spread gradient, the
// stem what stem_scratch adds up, the scores one float a channel. Nothing in it outlives the group.
typedef struct {
    Stage *stages;
    Pool *pool;
    Block *blocks;                 // all arrays of the engine
    int wanted;                    // threads that compute now: at most `threads`
    int count, first, threads;     // first is 1 where the first two convolutions are done as one, the stem
    int refused;                   // there was no memory for something, or no number for its size
    i64 batch, activation, scratch_size, bytes;  // bytes: all that it has asked for
    float *scratch;
    float *losses;
    float smoothing;               // the share of a label that is spread evenly over all classes
    int32_t *right;
    float *blank;                  // an image of background
    i64 most_rows;                 // of an image or a map
    i64 most_tiles;                // of a map
    int32_t *tiles;                // [thread][tile]: those of them that are computed
    Span *seen;                    // [thread][2][row]: of an image that is read, the ink of a layer's input and map

    // of the stem, see there
    double *patches, *patch_sums, *slopes;
    Span *ink, *ink_rows;          // [image][row of the first map]; [chunk][row of the image]
    float *blank_count, *blank_gradient;  // [chunk][position]: images without ink there; [chunk] maps
    uint32_t *wide_pairs, *narrow_pairs, *flipped_pairs;  // its weights where its products are of bfloat16, see halves.h
    uint16_t *halves;              // [thread][halves_size]; none where they are of float32
    i64 halves_size;
} Engine;

static i64 padded(i64 channels) { return (channels + LANES - 1) / LANES * LANES; }
static i64 chunk_begin(int chunk, i64 count) { return chunk * count / CHUNKS; }

// The product of two sizes; 0 and `refused` where 64 bits do not hold it.
static i64 times(Engine *e, i64 a, i64 b) {
    i64 product;
    if (a >= 0 && b >= 0 && !__builtin_mul_overflow(a, b, &product)) return product;
    e->refused = 1;
    return 0;
}

// Zeroed memory for `count` elements of `size` bytes, until engine_free; null and `refused` where there is none. It begins
// where a line of the cache does: a vector that lies across two lines takes twice as long to load. (Memory from calloc
// begins at a multiple of 16, so the block's own lines end with it where that is one of 64: the sanitizers' does.)
static void *zeros(Engine *e, i64 count, i64 size) {
    i64 bytes = times(e, count, size);
    if (__builtin_add_overflow(bytes, LINE, &bytes) || (uint64_t)bytes > SIZE_MAX) e->refused = 1;
    char *memory = e->refused ? 0 : calloc(1, bytes);
    if (!memory || __builtin_add_overflow(e->bytes, bytes, &e->bytes)) e->refused = 1;
    if (!memory) return 0;
    ((Block *)memory)->next = e->blocks, e->blocks = (Block *)memory;
    return memory + LINE - (uintptr_t)memory % LINE;
}

static float *weight_sums(const Stage *s, int part) { return s->partial + part * s->weight_rows * s->pitch; }
static float *bias_sums(const Stage *s, int chunk) { return weight_sums(s, s->parts) + chunk * s->pitch; }

// Row `row` of the gradient of the weights, of the channels from o on: the sum of the parts, in their order.
static vec over_parts(const Stage *s, i64 row, i64 o) {
    vec sum = {0};
    for (int part = 0; part < s->parts; part++) sum += load(weight_sums(s, part) + row * s->pitch + o);
    return sum;
}
