// Neighbouring positions of a row that share a vector, where a layer has few channels. A vector of LANES lanes is mostly
// empty for a layer of two channels; so `many` positions stand abreast in it, lane d * channels + c for channel c of the
// d-th. Each of them looks at other columns of the input: one kernel, wide enough for all, holds the layer's kernel many
// times, each time `stride` columns further on, with zeros between. For a 7x7 kernel and two channels it has 14 columns
// and makes 8 positions at once: 7 x 14 products instead of 8 x 7 x 7.

// What apart and abreast cost for a position, in products of vectors.
enum { MOVING = 4 };

static i64 wider_kernel(i64 kernel, i64 stride, i64 many) { return kernel + (many - 1) * stride; }

static i64 vectors_of_row(i64 width, i64 many) { return (width + many - 1) / many; }

// Products of vectors for a row of a map and one channel on the other side of the kernel.
static i64 products_of_row(i64 kernel, i64 stride, i64 width, i64 many) {
    return kernel * wider_kernel(kernel, stride, many) * vectors_of_row(width, many);
}

// How many positions of a row to compute at once, for `others` channels on the other side of the kernel.
static i64 positions_abreast(i64 kernel, i64 stride, i64 others, i64 channels, i64 width) {
    i64 many = LANES / channels < width ? LANES / channels : width;
    if (many < 2) return 1;
    i64 products = others * products_of_row(kernel, stride, width, many) + MOVING * width;
    return products < others * products_of_row(kernel, stride, width, 1) ? many : 1;
}

// Floats for a map whose positions stand abreast, and the vector that is read and written too much.
static i64 room_abreast(i64 height, i64 width, i64 many) {
    return many > 1 ? (height * vectors_of_row(width, many) + 1) * LANES : 0;
}

// Columns of a padded input that the positions of a row see; those that fill its last vector see some too.
static i64 columns_seen(i64 kernel, i64 stride, i64 width, i64 many) {
    return (vectors_of_row(width, many) * many - 1) * stride + kernel;
}

// A row of vectors of positions abreast as a row of positions, each with a vector of its own. Reads a vector further.
static void apart(const float *from, i64 width, i64 many, i64 channels, float *to) {
    mask own = {0};
    for (i64 c = 0; c < channels; c++) own[c] = -1;
    for (i64 first = 0; first < width; first += many, from += LANES)
        for (i64 x = first; x < first + many && x < width; x++)
            store(to + x * LANES, where(own, load(from + (x - first) * channels)));
}

// The way back: what each store writes too much, zeros, the next one writes over. Writes a vector further.
static void abreast(const float *from, i64 width, i64 many, i64 channels, float *to) {
    for (i64 first = 0; first < width; first += many, to += LANES)
        for (i64 x = first; x < first + many && x < width; x++)
            store(to + (x - first) * channels, load(from + x * LANES));
}
