// What the engine knows of a layer, and of a network.

#include "tiles.h"

#include <math.h>
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
    int begin, end;  // rows or columns, up to `end`
} Span;

typedef struct {
    Layer layer;
    int in_channels, in_step, in_height, in_width;  // a step is the distance of neighbouring positions, in floats
    int channels, step, height, width;
    long in_size, size;            // floats an image
    Terms terms;                   // kernel * kernel * in_channels, in a padded input image
    float *packed, *packed_bias;   // weight as [term][channel]
    float *flipped;                // weight for the gradient of the input, as [term'][input channel]
    Terms flipped_terms;           // kernel * kernel * channels, in a padded gradient
    float *scale, *shift;          // batch norm as one multiplication and addition
    float *mean, *inverse;         // of the batch, and 1 / its standard deviation
    float *mean_g, *mean_gx;       // batch means of the gradient, and of it times the normalised value
    float *map, *gradient;         // its output before batch norm and ReLU; the loss by what the next layer sees of it,
                                   // later by the map itself
    uint32_t drop_below;           // random numbers below it mean: dropped
    float *partial;                // [chunk][terms + 1][step]: gradients of weight and bias
    double *sums;                  // [chunk][2][step]
    uint32_t seed;
} Stage;

typedef struct Pool Pool;          // threads, see parallel.h

typedef struct {
    Stage *stages;
    Pool *pool;
    int wanted;                    // threads that compute now: at most `threads`
    int count, first, threads;     // first is 1 where the first two convolutions are done as one, the stem
    long batch, activation, scratch_size;
    float *scratch;                // of each thread: an activated image, and from `activation` on what a layer needs
    float *losses;
    int32_t *right;

    // of the stem, see there
    double *patches, *patch_sums, *slopes;
    Span *ink;                     // [image][row of the first map]
    float *blank, *blank_map;      // an image of background, and what the stem makes of it
    float *blank_count, *blank_gradient;  // [chunk][position]: images without ink there; [chunk] maps
} Engine;

static int padded(int channels) { return (channels + LANES - 1) / LANES * LANES; }
static int chunk_begin(int chunk, int images) { return (int)((long)chunk * images / CHUNKS); }
static void *zeros(long count, long size) { return calloc(count > 0 ? count : 1, size); }
