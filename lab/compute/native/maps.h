// One image through one convolution or pooling, and its gradient back.

// The part of a window that lies in a map of `limit` rows (or columns).
static Span span(const Layer *l, int position, int limit) {
    int begin = position * l->stride - l->padding, end = begin + l->kernel;
    return (Span){begin < 0 ? 0 : begin, end > limit ? limit : end};
}

// The image with its padding, or itself where it needs none.
static const float *with_padding(const Stage *s, const float *image, float *scratch) {
    i64 pad = s->layer.padding;
    if (s->line == s->in_width) return image;
    memset(scratch, 0, sizeof(float) * (s->in_height + 2 * pad) * s->line * s->in_pitch);
    for (int y = 0; y < s->in_height; y++)
        memcpy(scratch + ((y + pad) * s->line + pad) * s->in_pitch, image + y * s->in_width * s->in_pitch,
               sizeof(float) * s->in_width * s->in_pitch);
    return scratch;
}

static i64 row_length(const Stage *s) { return s->line * s->in_pitch; }

static i64 padded_size(const Stage *s) { return (s->in_height + 2 * s->layer.padding) * row_length(s); }

static i64 spread_size(const Stage *s) { return (s->in_height + s->layer.kernel - 1) * s->spread_line * s->pitch; }

// Room for an image with its padding, or more: lines of `line` positions.
typedef struct {
    float *at;
    i64 line, height;
} Frame;

static Frame frame_of_terms(const Stage *s, float *scratch) {
    return (Frame){scratch, s->line, s->in_height + 2 * s->layer.padding};
}

// Zeros around the image.
static void clear_around(const Stage *s, Frame f) {
    i64 pad = s->layer.padding, row = s->in_width, first = (pad * f.line + pad) * s->in_pitch;
    float *end = f.at + first + row * s->in_pitch;  // of a row of the image
    memset(f.at, 0, sizeof(float) * first);
    for (i64 y = 0; y + 1 < s->in_height; y++, end += f.line * s->in_pitch)
        memset(end, 0, sizeof(float) * (f.line - row) * s->in_pitch);
    memset(end, 0, sizeof(float) * (f.height * f.line * s->in_pitch - (end - f.at)));
}

// ReLU is done at once where no batch norm comes before it.
static Finish finish(const Stage *s) { return s->layer.relu && !s->layer.batch_norm ? FLOORED : AS_IT_IS; }

// `in` is the image in its frame.
static void convolve(const Stage *s, const float *in, float *out, float *scratch) {
    i64 stride = s->layer.stride, vectors = vectors_of_row(s->width, s->abreast);
    float *to = s->abreast > 1 ? scratch + padded_size(s) : out;
    rows(s->height, vectors, s->pitch, &s->terms, in, s->abreast * stride * s->in_pitch, stride * row_length(s), s->packed,
         s->packed_bias, finish(s), to);
    for (int y = 0; s->abreast > 1 && y < s->height; y++)
        apart(to + y * vectors * LANES, s->width, s->abreast, s->channels, out + y * s->width * LANES);
}

// Only the positions `at` of row y, and those that share a vector with them.
static void convolve_row(const Stage *s, const float *in, i64 y, Span at, float *out, float *scratch) {
    Terms terms = s->terms;
    i64 stride = s->layer.stride, first = at.begin / s->abreast, begin = first * s->abreast;
    i64 vectors = vectors_of_row(at.end, s->abreast) - first, end = (first + vectors) * s->abreast;
    float *row = out + (y * s->width + begin) * s->pitch, *to = s->abreast > 1 ? scratch + padded_size(s) : row;
    terms.top += y * stride;
    rows(1, vectors, s->pitch, &terms, in + y * stride * row_length(s) + begin * stride * s->in_pitch,
         s->abreast * stride * s->in_pitch, 0, s->packed, s->packed_bias, finish(s), to);
    if (s->abreast > 1) apart(to, (end < s->width ? end : s->width) - begin, s->abreast, s->channels, row);
}

static void convolve_rows(const Stage *s, const float *in, const Span *at, float *out, float *scratch) {
    for (i64 y = 0; y < s->height; y++)
        if (at[y].begin < at[y].end) convolve_row(s, in, y, at[y], out, scratch);
}

// Of the channels from `first` up to `end`.
static void convolve_weight_gradient(const Stage *s, const float *image, const float *d, i64 first, i64 end, float *into,
                                     float *scratch) {
    const float *in = with_padding(s, image, scratch);
    i64 stride = s->layer.stride, vectors = vectors_of_row(s->width, s->abreast);
    if (s->abreast > 1) {
        float *together = scratch + padded_size(s);
        for (int y = 0; y < s->height; y++)
            abreast(d + y * s->width * LANES, s->width, s->abreast, s->channels, together + y * vectors * LANES);
        d = together;
    }
    outer(s->height, vectors, first, end, s->pitch, &s->terms, in, s->abreast * stride * s->in_pitch,
          stride * row_length(s), d, into);
}

// A convolution of the gradient, spread by the stride and padded, with the flipped kernel.
static void convolve_input_gradient(const Stage *s, const float *d, float *d_in, float *scratch) {
    i64 k = s->layer.kernel, stride = s->layer.stride, lead = k - 1 - s->layer.padding;
    i64 height = s->in_height + k - 1, width = s->in_width + k - 1;
    i64 vectors = vectors_of_row(s->in_width, s->in_abreast);
    float *to = s->in_abreast > 1 ? scratch + spread_size(s) : d_in;
    memset(scratch, 0, sizeof(float) * spread_size(s));
    for (int y = 0; y < s->height; y++)
        for (int x = 0; x < s->width; x++) {
            i64 row = y * stride + lead, column = x * stride + lead;
            if (row >= 0 && row < height && column >= 0 && column < width)
                memcpy(scratch + (row * s->spread_line + column) * s->pitch, d + (y * s->width + x) * s->pitch,
                       sizeof(float) * s->pitch);
        }
    rows(s->in_height, vectors, s->in_pitch, &s->flipped_terms, scratch, s->in_abreast * s->pitch,
         s->spread_line * s->pitch, s->flipped, 0, AS_IT_IS, to);
    for (int y = 0; s->in_abreast > 1 && y < s->in_height; y++)
        apart(to + y * vectors * LANES, s->in_width, s->in_abreast, s->in_channels, d_in + y * s->in_width * LANES);
}

// A different random number for each element of each iteration: the finaliser of MurmurHash3 on a counter.
INLINE bits hash(uint32_t seed, uint32_t index) {
    bits h;
    UNROLL for (int i = 0; i < LANES; i++) h[i] = index + i;
    h = (h ^ seed) * 0x9E3779B1u;
    h = (h ^ (h >> 16)) * 0x85EBCA6Bu;
    h = (h ^ (h >> 13)) * 0xC2B2AE35u;
    return h ^ (h >> 16);
}

INLINE vec dropped(const Stage *s, i64 index, vec value) {
    return where((mask)(hash(s->seed, (uint32_t)index) >= s->drop_below), value * (1 / (1 - s->layer.dropout)));
}

INLINE vec larger(vec value, vec best) { return either((mask)(value > best) | (mask)(value != value), value, best); }

// Nearly every pooling halves its map: windows of 2x2 that neither overlap nor reach into padding. What follows is compiled
// for those with all that as constants, and for any.
static int is_halving(const Stage *s) { return s->layer.kernel == 2 && s->layer.stride == 2 && s->layer.padding == 0; }

INLINE Span window(const int halving, const Layer *l, int position, int limit) {
    return halving ? (Span){2 * position, 2 * position + 2} : span(l, position, limit);
}

INLINE void pool_windows(const int halving, const int largest, const int drop, const Stage *s, i64 image, const float *in,
                         const Span *ink, float *out) {
    float share = 1.0f / (s->layer.kernel * s->layer.kernel);
    for (int y = 0; y < s->height; y++)
        for (int x = ink ? ink[y].begin : 0; x < (ink ? ink[y].end : s->width); x++) {
            Span down = window(halving, &s->layer, y, s->in_height), across = window(halving, &s->layer, x, s->in_width);
            for (int c = 0; c < s->pitch; c += LANES) {
                vec best = all(largest ? -INFINITY : 0);
                for (int row = down.begin; row < down.end; row++)
                    for (int column = across.begin; column < across.end; column++) {
                        vec value = load(in + (row * s->in_width + column) * s->pitch + c);
                        if (largest) best = larger(value, best);
                        else best += value * share;
                    }
                i64 at = (y * s->width + x) * s->pitch + c;
                store(out + at, drop ? dropped(s, image * s->size + at, best) : best);
            }
        }
}

// All positions or, where it is given, the `ink` of each row.
static void pool(const Stage *s, i64 image, const float *in, const Span *ink, float *out, int training) {
    int drop = training && s->layer.dropout > 0, largest = s->layer.kind == MAX_POOL;
    if (is_halving(s) && largest && !drop) pool_windows(1, 1, 0, s, image, in, ink, out);
    else if (is_halving(s) && largest) pool_windows(1, 1, 1, s, image, in, ink, out);
    else pool_windows(0, largest, drop, s, image, in, ink, out);
}

// The gradient of a maximum goes to the first element that has it, as torch's does. Where no windows overlap, each
// element's is that of its window; else they are added up.
INLINE void gradient_of_windows(const int halving, const int largest, const int drop, const Stage *s, i64 image,
                                const float *in, const float *d, float *d_in) {
    float share = 1.0f / (s->layer.kernel * s->layer.kernel);
    vec none = {0};
    for (int y = 0; y < s->height; y++)
        for (int x = 0; x < s->width; x++) {
            Span down = window(halving, &s->layer, y, s->in_height), across = window(halving, &s->layer, x, s->in_width);
            for (int c = 0; c < s->pitch; c += LANES) {
                i64 at = (y * s->width + x) * s->pitch + c;
                vec rest = load(d + at), best = all(-INFINITY);
                if (drop) rest = dropped(s, image * s->size + at, rest);
                for (int row = down.begin; largest && row < down.end; row++)
                    for (int column = across.begin; column < across.end; column++)
                        best = larger(load(in + (row * s->in_width + column) * s->pitch + c), best);
                for (int row = down.begin; row < down.end; row++)
                    for (int column = across.begin; column < across.end; column++) {
                        i64 to = (row * s->in_width + column) * s->pitch + c;
                        mask here = (mask)(load(in + to) == best);
                        vec before = halving ? none : load(d_in + to);
                        if (largest) store(d_in + to, before + where(here, rest)), rest = where(~here, rest);
                        else store(d_in + to, before + rest * share);
                    }
            }
        }
}

static void pool_gradient(const Stage *s, i64 image, const float *in, const float *d, float *d_in) {
    int drop = s->layer.dropout > 0, largest = s->layer.kind == MAX_POOL, halving = is_halving(s);
    if (!halving || s->in_height % 2 || s->in_width % 2) memset(d_in, 0, sizeof(float) * s->in_size);
    if (halving && largest && !drop) gradient_of_windows(1, 1, 0, s, image, in, d, d_in);
    else if (halving && largest) gradient_of_windows(1, 1, 1, s, image, in, d, d_in);
    else gradient_of_windows(0, largest, drop, s, image, in, d, d_in);
}
