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
//
// More than half of a digit's picture is background. Where a patch shows no ink the stem gives what it gives there on a
// blank picture, so that is done once for the whole batch: the map of a blank picture is copied to those positions, and
// their gradients, added up, go back through the blank picture together, since the stem's gradient is linear in them.

static int fits_stem(const Layer *l) {
    return l[0].kind == CONV && l[0].stride == 1 && l[0].relu && l[1].kind == CONV && l[1].kernel == 1 &&
           l[1].stride == 1 && l[1].padding == 0;
}

static int is_stem(const Engine *e, const Stage *s) { return e->first && s == e->stages + 1; }

static i64 area(const Stage *s) { return s->height * s->width; }

// Of the sums of patches: [term][term + 1].
static i64 moments_size(const Stage *wide) { return wide->terms.count * padded(wide->terms.count + 1); }

static void set_up_stem(Engine *e) {
    Stage *wide = e->stages, *narrow = wide + 1;
    i64 terms = wide->terms.count, size = moments_size(wide);
    e->patches = zeros(e, CHUNKS * size, 8), e->patch_sums = zeros(e, size, 8);
    e->slopes = zeros(e, times(e, wide->channels, terms), 8);
    e->ink = zeros(e, times(e, e->batch, wide->height), sizeof(Span));
    e->ink_rows = zeros(e, CHUNKS * wide->in_height, sizeof(Span));
    e->blank_count = zeros(e, CHUNKS * area(wide), 4), e->blank_gradient = zeros(e, times(e, CHUNKS, narrow->size), 4);
}

// In a thread's scratch: the padded image, a row of the wide map, its gradient, a row of patches and their sums.
static i64 stem_scratch(const Engine *e) {
    const Stage *wide = e->stages;
    i64 pad = wide->layer.padding;
    return (wide->in_height + 2 * pad) * (wide->in_width + 2 * pad) + 2 * wide->width * wide->pitch +
           (wide->width + wide->terms.count) * padded(wide->terms.count + 1) + 2 * LANES;
}

static float *wide_row(const Stage *wide, float *scratch) {
    int pad = wide->layer.padding;
    return scratch + (wide->in_height + 2 * pad) * (wide->in_width + 2 * pad);
}

// --- where there is ink -----------------------------------------------------------------------------------------

// Fills `ink`, and counts for each position the images without.
static void find_ink(const Pass *pass, int chunk) {
    Engine *e = pass->e;
    const Stage *wide = e->stages;
    float *count = e->blank_count + chunk * area(wide), background = *e->blank;
    memset(count, 0, sizeof(float) * area(wide));
    for (i64 image = chunk_begin(chunk, pass->images); image < chunk_begin(chunk + 1, pass->images); image++) {
        Span *rows = e->ink_rows + chunk * wide->in_height, *ink = e->ink + image * wide->height;
        ink_of_image(wide, pass->x + image * wide->in_size, background, rows);
        for (int y = 0; y < wide->height; y++) {
            ink[y] = ink_seen(wide, rows, y);
            for (int i = 0; i < ink[y].begin; i++) count[y * wide->width + i]++;
            for (int i = ink[y].end; i < wide->width; i++) count[y * wide->width + i]++;
        }
    }
}

// --- batch norm from the patches --------------------------------------------------------------------------------

// Sums over an image of the products of each two elements of a patch, and of each element with 1: to [term][term + 1].
// Only patches with `ink`; where `count` is given, every patch, as often as it says for its position.
static void add_patches(const Stage *wide, Padded in, const Span *ink, const float *count, double *into, float *scratch) {
    i64 k = wide->layer.kernel, columns = padded(wide->terms.count + 1);
    float *patches = wide_row(wide, scratch) + 2 * wide->width * wide->pitch;
    float *sums = patches + wide->width * columns + LANES;
    memset(sums, 0, sizeof(float) * wide->terms.count * columns);
    for (int y = 0; y < wide->height; y++) {
        Span at = count ? (Span){0, wide->width} : ink[y];
        i64 from = y * row_length(wide) + at.begin, n = at.end - at.begin;
        const float *row = in.floats + from;
        for (int x = 0; x < n; x++) {
            float *patch = patches + x * columns;  // what a vector writes too much, the next one writes over
            for (int j = 0; j < k; j++)
                for (int i = 0; i < k; i += LANES) store(patch + j * k + i, load(row + j * row_length(wide) + x + i));
            patch[wide->terms.count] = 1;
            for (int i = 0; count && i <= wide->terms.count; i++) patch[i] *= count[y * wide->width + x];
        }
        if (in.halves) outer_of_patches(wide, n, in.halves, from, patches, sums);
        else outer(1, n, 0, columns, columns, &wide->terms, row, 1, 0, patches, sums);
    }
    for (i64 i = 0; i < wide->terms.count * columns; i++) into[i] += sums[i];
}

// Fills `slope` with Sw of channel c; returns w'Sw, and w.m in `mean`. `sums` are those of add_patches over `count`.
static double moments(const Stage *wide, int c, const double *sums, double count, double *slope, double *mean) {
    i64 terms = wide->terms.count, columns = padded(terms + 1);
    const float *w = wide->layer.weight + c * terms;
    double variance = 0;
    *mean = 0;
    for (i64 t = 0; t < terms; t++) *mean += w[t] * sums[t * columns + terms] / count;
    for (i64 t = 0; t < terms; t++) {
        slope[t] = -*mean * sums[t * columns + terms] / count;
        for (i64 u = 0; u < terms; u++) slope[t] += w[u] * sums[t * columns + u] / count;
        variance += w[t] * slope[t];
    }
    return variance > 0 ? variance : 0;
}

static void sum_patches(const Pass *pass, int chunk) {
    Engine *e = pass->e;
    Stage *wide = e->stages;
    double *sums = e->patches + chunk * moments_size(wide);
    memset(sums, 0, sizeof(double) * moments_size(wide));
    for (i64 image = chunk_begin(chunk, pass->images); image < chunk_begin(chunk + 1, pass->images); image++)
        add_patches(wide, with_halves(pass, pixels(pass, image), own_scratch(pass)), e->ink + image * wide->height, 0, sums,
                    own_scratch(pass));
}

static void sum_all_patches(Engine *e) {
    Stage *wide = e->stages;
    i64 size = moments_size(wide);
    for (int chunk = 1; chunk < CHUNKS; chunk++)
        for (i64 i = 0; i < area(wide); i++) e->blank_count[i] += e->blank_count[chunk * area(wide) + i];
    memset(e->patch_sums, 0, sizeof(double) * size);
    Padded blank = {padded_image(wide, e->blank, e->scratch), 0};
    add_patches(wide, blank, 0, e->blank_count, e->patch_sums, e->scratch);
    for (int chunk = 0; chunk < CHUNKS; chunk++)
        for (i64 i = 0; i < size; i++) e->patch_sums[i] += e->patches[chunk * size + i];
}

// The weights with batch norm folded in, of some channels.
static void fold(const Pass *pass, int chunk) {
    Engine *e = pass->e;
    Stage *wide = e->stages;
    double count = (double)pass->images * area(wide), mean;
    for (int c = chunk_begin(chunk, wide->channels); c < chunk_begin(chunk + 1, wide->channels); c++) {
        if (wide->layer.batch_norm && pass->training) {
            double variance = moments(wide, c, e->patch_sums, count, e->slopes + c * wide->terms.count, &mean);
            use_batch_moments(wide, c, mean + wide->layer.bias[c], variance, count);
        } else if (wide->layer.batch_norm) {
            set_batch_norm(wide, c, wide->layer.running_mean[c], wide->layer.running_var[c]);
        }
        wide->packed_bias[c] = wide->scale[c] * wide->layer.bias[c] + wide->shift[c];
        for (i64 t = 0; t < wide->terms.count; t++)
            wide->packed[t * wide->pitch + c] = wide->scale[c] * wide->layer.weight[c * wide->terms.count + t];
    }
}

// --- forward ----------------------------------------------------------------------------------------------------

INLINE void make_wide_row(const Stage *wide, const float *in, int y, Span at, float *row) {
    rows(1, at.end - at.begin, wide->pitch, &wide->terms, in + y * row_length(wide) + at.begin, 1, 0, wide->packed,
         wide->packed_bias, FLOORED, row);
}

// The positions `at` of row y, from the padded image `in`.
static void stem_row(const Engine *e, Padded in, int y, Span at, float *out, float *row) {
    const Stage *wide = e->stages, *narrow = wide + 1;
    if (in.halves) {
        stem_row_of_halves(e, in.halves, y, at, out);
        return;
    }
    make_wide_row(wide, in.floats, y, at, row);
    rows(1, at.end - at.begin, narrow->pitch, &narrow->terms, row, wide->pitch, 0, narrow->packed, narrow->packed_bias,
         finish(narrow), out + (y * narrow->width + at.begin) * narrow->pitch);
}

// The positions `ink` of each row; all of them where it is null.
static void stem_forward(const Pass *pass, const float *pixels, const Span *ink, float *out, float *scratch) {
    const Engine *e = pass->e;
    const Stage *wide = e->stages;
    Padded in = with_halves(pass, pixels, scratch);
    for (int y = 0; y < wide->height; y++)
        stem_row(e, in, y, ink ? ink[y] : (Span){0, wide->width}, out, wide_row(wide, scratch));
}

// What the stem makes of a blank picture, some rows of it.
static void blank_forward(const Pass *pass, int chunk) {
    Engine *e = pass->e;
    const Stage *wide = e->stages, *narrow = wide + 1;
    float *scratch = own_scratch(pass);
    Padded in = with_halves(pass, e->blank, scratch);
    for (int y = chunk_begin(chunk, wide->height); y < chunk_begin(chunk + 1, wide->height); y++)
        stem_row(e, in, y, (Span){0, wide->width}, narrow->blank, wide_row(wide, scratch));
}

static void prepare_stem(const Pass *pass) {
    Engine *e = pass->e;
    if (pass->training) each_chunk(find_ink, pass);
    if (e->stages->layer.batch_norm && pass->training) {
        each_chunk(sum_patches, pass);
        sum_all_patches(e);
    }
    each_chunk(fold, pass);
    each_chunk(pack, pass);
    if (!pass->training) return;
    if (e->halves) pack_pairs(e);
    each_chunk(blank_forward, pass);
}

// --- backward ---------------------------------------------------------------------------------------------------

static void clear_stem(Engine *e, int chunk) {
    const Stage *wide = e->stages, *narrow = wide + 1;
    memset(weight_sums(wide, chunk), 0, sizeof(float) * wide->terms.count * wide->pitch);
    memset(bias_sums(wide, chunk), 0, sizeof(float) * wide->pitch);
    memset(e->blank_gradient + chunk * narrow->size, 0, sizeof(float) * narrow->size);
}

// From the gradient `d` of the narrow map to those of both convolutions, for the positions `at` of row y.
static void stem_row_gradient(const Engine *e, int chunk, Padded in, int y, Span at, const float *d, float *row) {
    const Stage *wide = e->stages, *narrow = wide + 1;
    float *d_row = row + wide->width * wide->pitch;
    i64 n = at.end - at.begin;
    Finish relu = {0, row};
    d += (y * narrow->width + at.begin) * narrow->pitch;
    if (in.halves) {
        stem_row_gradient_of_halves(e, chunk, in.halves, y, at, d);
        return;
    }
    make_wide_row(wide, in.floats, y, at, row);
    outer(1, n, 0, narrow->pitch, narrow->pitch, &narrow->terms, row, wide->pitch, 0, d, weight_sums(narrow, chunk));
    rows(1, n, wide->pitch, &narrow->flipped_terms, d, narrow->pitch, 0, narrow->flipped, 0, relu, d_row);
    add_up(n, wide->pitch, d_row, bias_sums(wide, chunk));
    outer(1, n, 0, wide->pitch, wide->pitch, &wide->terms, in.floats + y * row_length(wide) + at.begin, 1, 0, d_row,
          weight_sums(wide, chunk));
}

static void add(float *to, const float *from, i64 count) {
    for (i64 i = 0; i < count; i++) to[i] += from[i];
}

static void stem_backward(const Pass *pass, int chunk, i64 image, const float *pixels, const float *d, float *scratch) {
    const Engine *e = pass->e;
    const Stage *wide = e->stages, *narrow = wide + 1;
    Padded in = with_halves(pass, pixels, scratch);
    float *blank = e->blank_gradient + chunk * narrow->size;
    for (int y = 0; y < wide->height; y++) {
        Span ink = e->ink[image * wide->height + y];
        i64 pitch = narrow->pitch, line = y * narrow->width * pitch, before = ink.begin * pitch, after = ink.end * pitch;
        add(blank + line, d + line, before);
        stem_row_gradient(e, chunk, in, y, ink, d, wide_row(wide, scratch));
        add(blank + line + after, d + line + after, narrow->width * narrow->pitch - after);
    }
}

static void blank_backward(const Pass *pass, int chunk) {
    const Engine *e = pass->e;
    const Stage *wide = e->stages, *narrow = wide + 1;
    float *scratch = own_scratch(pass);
    Padded in = with_halves(pass, e->blank, scratch);
    for (int y = chunk_begin(chunk, wide->height); y < chunk_begin(chunk + 1, wide->height); y++) {
        i64 line = y * narrow->width * narrow->pitch;
        for (int other = 1; other < CHUNKS; other++)
            add(e->blank_gradient + line, e->blank_gradient + other * narrow->size + line,
                narrow->width * narrow->pitch);
        stem_row_gradient(e, chunk, in, y, (Span){0, wide->width}, e->blank_gradient, wide_row(wide, scratch));
    }
}

// From the gradient of the folded weights to that of the weights and of batch norm.
static void finish_stem(const Pass *pass) {
    Engine *e = pass->e;
    Stage *wide = e->stages;
    Layer *l = &wide->layer;
    double count = (double)pass->images * area(wide);
    Pass of_wide = *pass;
    of_wide.stage = wide;
    each_chunk(unpack, &of_wide);
    for (int c = 0; c < wide->channels && l->batch_norm; c++) {
        float *dw = l->d_weight + c * wide->terms.count, s = wide->scale[c];
        const float *w = l->weight + c * wide->terms.count;
        double ds = -l->d_bias[c] * (wide->mean[c] - l->bias[c]);
        for (i64 t = 0; t < wide->terms.count; t++) ds += dw[t] * w[t];
        l->d_beta[c] = l->d_bias[c];
        l->d_gamma[c] = ds * wide->inverse[c];
        for (i64 t = 0; t < wide->terms.count; t++) {
            double m = e->patch_sums[t * padded(wide->terms.count + 1) + wide->terms.count] / count;
            double slope = e->slopes[c * wide->terms.count + t];
            dw[t] = s * (dw[t] - l->d_bias[c] * m - ds * wide->inverse[c] * wide->inverse[c] * slope);
        }
        l->d_bias[c] = 0;  // batch norm takes any bias away again
    }
}
