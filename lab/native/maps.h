// One image through one convolution or pooling, and its gradient back.

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
