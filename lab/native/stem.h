// The first two convolutions as one: k x k on the single input channel, batch norm, ReLU, 1 x 1. Its wide map between
// them (96 x 28 x 28 for each image: 19 MB a batch) is never stored; a row of it at a time is made, used, and made
// again in the backward pass.
//
// That is possible because batch norm over a convolution with one input channel needs no pass over its map. With the
// patches p of the input, their mean m and covariance S over the batch, a channel with weights w has
//     mean = w.m + b,  variance = w'Sw,
// so batch norm is a convolution with other weights, and its gradient follows from that of these weights:
//     W = s w,  B = beta - s w.m,  s = gamma / sqrt(w'Sw + eps)
//     d beta = dB,  ds = dW.w - dB w.m,  d gamma = ds / sqrt(w'Sw + eps),  dw = s dW - s dB m - ds s / (w'Sw + eps) Sw

static int is_stem(const Layer *l) {
    return l[0].kind == CONV && l[0].stride == 1 && l[0].relu && l[1].kind == CONV && l[1].kernel == 1 &&
           l[1].stride == 1 && l[1].padding == 0;
}

// In a thread's scratch: the padded image, a row of the wide map, its gradient, a row of patches and their sums.
static long stem_scratch(const Engine *e) {
    const Stage *wide = e->stages;
    int pad = wide->layer.padding;
    return (long)(wide->in_height + 2 * pad) * (wide->in_width + 2 * pad) + 2L * wide->width * wide->step +
           (wide->width + wide->terms.count) * padded(wide->terms.count + 1) + 2 * LANES;
}

static float *wide_row(const Stage *wide, float *scratch) {
    int pad = wide->layer.padding;
    return scratch + (wide->in_height + 2 * pad) * (wide->in_width + 2 * pad);
}

// Sums over an image of the products of each two elements of a patch, and of each element with 1: to [term][term + 1].
static void add_patches(const Stage *wide, const float *image, double *into, float *scratch) {
    int k = wide->layer.kernel, columns = padded(wide->terms.count + 1);
    const float *in = with_padding(wide, image, scratch);
    if (in == image) in = memcpy(scratch, image, sizeof(float) * wide->in_size);  // whole vectors are read, past its end
    float *patches = wide_row(wide, scratch) + 2 * wide->width * wide->step;
    float *sums = patches + wide->width * columns + LANES;
    memset(sums, 0, sizeof(float) * wide->terms.count * columns);
    for (int y = 0; y < wide->height; y++) {
        const float *row = in + y * row_length(wide);
        for (int x = 0; x < wide->width; x++) {
            float *patch = patches + x * columns;  // what a vector writes too much, the next one writes over
            for (int j = 0; j < k; j++)
                for (int i = 0; i < k; i += LANES) store(patch + j * k + i, load(row + j * row_length(wide) + x + i));
            patch[wide->terms.count] = 1;
        }
        outer(1, wide->width, columns, &wide->terms, row, 1, 0, patches, sums);
    }
    for (long i = 0; i < wide->terms.count * columns; i++) into[i] += sums[i];
}

// Fills `slope` with Sw of channel c; returns w'Sw, and w.m in `mean`. `sums` are those of add_patches over `count`.
static double moments(const Stage *wide, int c, const double *sums, double count, double *slope, double *mean) {
    long terms = wide->terms.count, columns = padded(terms + 1);
    const float *w = wide->layer.weight + c * terms;
    double variance = 0;
    *mean = 0;
    for (long t = 0; t < terms; t++) *mean += w[t] * sums[t * columns + terms] / count;
    for (long t = 0; t < terms; t++) {
        slope[t] = -*mean * sums[t * columns + terms] / count;
        for (long u = 0; u < terms; u++) slope[t] += w[u] * sums[t * columns + u] / count;
        variance += w[t] * slope[t];
    }
    return variance > 0 ? variance : 0;
}

static void sum_patches(Engine *e, const float *x, int images) {
    Stage *wide = e->stages;
    long size = wide->terms.count * padded(wide->terms.count + 1);
    #pragma omp parallel for schedule(dynamic) num_threads(e->threads)
    for (int chunk = 0; chunk < CHUNKS; chunk++) {
        memset(e->patches + chunk * size, 0, sizeof(double) * size);
        for (long image = chunk_begin(chunk, images); image < chunk_begin(chunk + 1, images); image++)
            add_patches(wide, x + image * wide->in_size, e->patches + chunk * size,
                        e->scratch + omp_get_thread_num() * e->scratch_size);
    }
    for (long i = 0; i < size; i++) {
        e->patch_sums[i] = 0;
        for (int chunk = 0; chunk < CHUNKS; chunk++) e->patch_sums[i] += e->patches[chunk * size + i];
    }
}

// The weights with batch norm folded in, and those of the 1 x 1 convolution.
static void prepare_stem(Engine *e, const float *x, int images, int training) {
    Stage *wide = e->stages;
    double count = (double)images * wide->height * wide->width, mean;
    if (wide->layer.batch_norm && training) sum_patches(e, x, images);
    for (int c = 0; c < wide->channels; c++) {
        if (wide->layer.batch_norm && training) {
            double variance = moments(wide, c, e->patch_sums, count, e->slopes + c * wide->terms.count, &mean);
            use_batch_moments(wide, c, mean + wide->layer.bias[c], variance, count);
        } else if (wide->layer.batch_norm) {
            set_batch_norm(wide, c, wide->layer.running_mean[c], wide->layer.running_var[c]);
        }
        wide->packed_bias[c] = wide->scale[c] * wide->layer.bias[c] + wide->shift[c];
        for (long t = 0; t < wide->terms.count; t++)
            wide->packed[t * wide->step + c] = wide->scale[c] * wide->layer.weight[c * wide->terms.count + t];
    }
    pack(e->stages + 1);
}

INLINE void make_wide_row(const Stage *wide, const float *in, int y, float *row) {
    rows(wide->width, wide->step, &wide->terms, in + y * row_length(wide), 1, wide->packed, wide->packed_bias, FLOORED,
         row);
}

static void stem_forward(const Engine *e, const float *image, float *out, float *scratch) {
    const Stage *wide = e->stages, *narrow = wide + 1;
    const float *in = with_padding(wide, image, scratch);
    float *row = wide_row(wide, scratch);
    for (int y = 0; y < wide->height; y++) {
        make_wide_row(wide, in, y, row);
        rows(wide->width, narrow->step, &narrow->terms, row, wide->step, narrow->packed, narrow->packed_bias, AS_IT_IS,
             out + y * narrow->width * narrow->step);
    }
}

static void clear_stem(Engine *e, int chunk) {
    Stage *wide = e->stages;
    long size = (wide->terms.count + 1) * wide->step;
    memset(wide->partial + chunk * size, 0, sizeof(float) * size);
}

static void stem_backward(const Engine *e, int chunk, const float *image, const float *d, float *d_narrow,
                          float *scratch) {
    const Stage *wide = e->stages, *narrow = wide + 1;
    const float *in = with_padding(wide, image, scratch);
    float *row = wide_row(wide, scratch), *d_row = row + wide->width * wide->step;
    float *d_wide = wide->partial + chunk * (wide->terms.count + 1) * wide->step;
    float *d_bias = d_wide + wide->terms.count * wide->step;
    for (int y = 0; y < wide->height; y++, d += narrow->width * narrow->step) {
        Finish relu = {0, row};
        make_wide_row(wide, in, y, row);
        outer(1, wide->width, narrow->step, &narrow->terms, row, wide->step, 0, d, d_narrow);
        rows(wide->width, wide->step, &narrow->flipped_terms, d, narrow->step, narrow->flipped, 0, relu, d_row);
        add_up(wide->width, wide->step, d_row, d_bias);
        outer(1, wide->width, wide->step, &wide->terms, in + y * row_length(wide), 1, 0, d_row, d_wide);
    }
}

// From the gradient of the folded weights to that of the weights and of batch norm.
static void finish_stem(Engine *e) {
    Stage *wide = e->stages;
    Layer *l = &wide->layer;
    double count = (double)e->images * wide->height * wide->width;
    unpack_gradient(wide);
    for (int c = 0; c < wide->channels && l->batch_norm; c++) {
        float *dw = l->d_weight + c * wide->terms.count, s = wide->scale[c];
        const float *w = l->weight + c * wide->terms.count;
        double ds = -l->d_bias[c] * (wide->mean[c] - l->bias[c]);
        for (long t = 0; t < wide->terms.count; t++) ds += dw[t] * w[t];
        l->d_beta[c] = l->d_bias[c];
        l->d_gamma[c] = ds * wide->inverse[c];
        for (long t = 0; t < wide->terms.count; t++) {
            double m = e->patch_sums[t * padded(wide->terms.count + 1) + wide->terms.count] / count;
            double slope = e->slopes[c * wide->terms.count + t];
            dw[t] = s * (dw[t] - l->d_bias[c] * m - ds * wide->inverse[c] * wide->inverse[c] * slope);
        }
        l->d_bias[c] = 0;  // batch norm takes any bias away again
    }
}
