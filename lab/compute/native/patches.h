// The gradient of a convolution's input by the map: every position of the map adds its share to the patch that it sees.
// In a row of a patch columns and channels are neighbours, so kernel * channels values fill its vectors. Where a large
// kernel or a stride makes a small map of a large input, that takes fewer products than to go over all of the input
// (convolve_input_gradient), and where the input has few channels it leaves fewer lanes empty.

// What it takes to add a vector to a patch, in products of vectors; and floats of the shares that are made at once.
enum { ADDING = 4, SHARES = 8192 };

static i64 patch_row(const Stage *s) { return padded(s->layer.kernel * s->in_channels); }

static i64 patch_size(const Stage *s) { return s->layer.kernel * patch_row(s); }

// A row of the input with its padding, channels without theirs.
static i64 dense_line(const Stage *s) { return (s->in_width + 2 * s->layer.padding) * s->in_channels; }

// An image of them, and the vector that is read and written too much.
static i64 dense_size(const Stage *s) { return s->in_height * dense_line(s) + LANES; }

static i64 shares_at_once(const Stage *s) {
    i64 many = SHARES / patch_size(s), positions = s->height * s->width;
    if (many < MOST_3) many = MOST_3;
    return many < positions ? many : positions;
}

static i64 patches_scratch(const Stage *s) { return dense_size(s) + shares_at_once(s) * patch_size(s); }

// Products of vectors, each of a position of the map against each of the input. lab/engine_memory.py reckons alike.
static int goes_by_map(const Stage *s) {
    i64 vectors = s->height * s->width * patch_size(s) / LANES;
    i64 of_input = s->in_height * products_of_row(s->layer.kernel, 1, s->in_width, s->in_abreast) * (s->in_pitch / LANES);
    return s->in_pitch > 1 && vectors * (s->channels + ADDING) < of_input * s->channels;
}

static void add_patch(const Stage *s, const float *patch, i64 top, float *image) {
    i64 row = patch_row(s), line = dense_line(s);
    for (i64 y = top; y < top + s->layer.kernel; y++, patch += row) {
        if (y < 0 || y >= s->in_height) continue;
        float *to = image + y * line;
        for (i64 at = 0; at < row; at += LANES) store(to + at, load(to + at) + load(patch + at));
    }
}

// Positions of `channels` neighbours, as positions of `pitch` floats with zeros behind the channels.
static void with_pitch(const float *from, i64 positions, i64 channels, i64 pitch, float *to) {
    mask rest = {0};
    for (i64 c = 0; c < (channels - 1) % LANES + 1; c++) rest[c] = -1;
    for (i64 p = 0; p < positions; p++, from += channels, to += pitch)
        for (i64 c = 0; c < pitch; c += LANES) store(to + c, c + LANES < pitch ? load(from + c) : where(rest, load(from + c)));
}

static void input_gradient_by_patches(const Stage *s, const float *d, float *d_in, float *scratch) {
    i64 size = patch_size(s), stride = s->layer.stride, pad = s->layer.padding, positions = s->height * s->width;
    float *image = scratch, *shares = scratch + dense_size(s);
    memset(image, 0, sizeof(float) * dense_size(s));
    for (i64 first = 0, end; first < positions; first = end) {
        end = first + shares_at_once(s) < positions ? first + shares_at_once(s) : positions;
        rows(1, end - first, size, &s->flipped_terms, d + first * s->pitch, s->pitch, 0, s->flipped, 0, AS_IT_IS, shares);
        for (i64 p = first; p < end; p++)
            add_patch(s, shares + (p - first) * size, p / s->width * stride - pad,
                      image + p % s->width * stride * s->in_channels);
    }
    for (i64 y = 0; y < s->in_height; y++)
        with_pitch(image + y * dense_line(s) + pad * s->in_channels, s->in_width, s->in_channels, s->in_pitch,
                   d_in + y * s->in_width * s->in_pitch);
}
