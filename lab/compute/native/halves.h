// The stem's products in bfloat16 (pairs.h), where the processor has such products and the caller has asked for them: of
// the picture, of both convolutions' weights, of the wide map and of the gradients. Sums, batch norm and every other
// layer stay float32, as does all of what is only read. Batch norm's statistics are those of the weights before they are
// rounded: of a kernel with hundreds of elements that is felt, of 5x5 it is not.

// A padded image: as it is and, where products are to be of bfloat16, in a thread's room for them.
typedef struct {
    const float *floats;
    half *halves;              // none: products are of float32
} Padded;

static const float *padded_image(const Stage *wide, const float *pixels, float *scratch) {
    const float *in = with_padding(wide, pixels, scratch);
    return in == scratch ? in : memcpy(scratch, pixels, sizeof(float) * wide->in_size);  // whole vectors are read, past its end
}

#if defined(__AVX512BF16__) && defined(__AVX512BW__)
// What a thread needs for a row of the image in hand, behind the image itself.
typedef struct {
    pair *row, *d_row, *d_pairs, *patches;
    half *d;
} Rows;

static i64 couples(i64 positions) { return (positions + 1) / 2; }

static i64 pixels_with_padding(const Stage *wide) {
    i64 pad = wide->layer.padding;
    return (wide->in_height + 2 * pad) * (wide->in_width + 2 * pad);
}

// Whole lines of the cache; pairs are read past the last pixel.
static i64 halves_of_image(const Stage *wide) {
    i64 many = LINE / sizeof(half);
    return (pixels_with_padding(wide) + wide->layer.kernel + many) / many * many;
}

// In pairs: a row of the wide map, of its gradient, of the narrow one's gradient twice, and of patches.
static i64 pairs_of_rows(const Stage *wide) {
    const Stage *narrow = wide + 1;
    return couples(wide->width) * (2 * wide->pitch + 2 * narrow->pitch + padded(wide->terms.count + 1));
}

static Rows rows_behind(const Stage *wide, half *image) {
    i64 many = couples(wide->width);
    Rows rows = {.row = (pair *)(image + halves_of_image(wide))};
    rows.d_row = rows.row + many * wide->pitch, rows.d_pairs = rows.d_row + many * wide->pitch;
    rows.patches = rows.d_pairs + many * wide[1].pitch;
    rows.d = (half *)(rows.patches + many * padded(wide->terms.count + 1));
    return rows;
}

// From now on they are of bfloat16; 0 where this network has no stem, or there is no memory for it.
static int set_up_halves(Engine *e) {
    const Stage *wide = e->stages, *narrow = wide + 1;
    i64 k = wide->layer.kernel;
    if (!e->first) return 0;
    e->halves_size = halves_of_image(wide) + 2 * pairs_of_rows(wide);
    e->wide_pairs = zeros(e, k * couples(k) * wide->pitch, sizeof(pair));
    e->narrow_pairs = zeros(e, couples(wide->channels) * narrow->pitch, sizeof(pair));
    e->flipped_pairs = zeros(e, couples(narrow->channels) * wide->pitch, sizeof(pair));
    e->halves = zeros(e, times(e, e->threads, e->halves_size), sizeof(half));
    return !e->refused;
}

static Padded with_halves(const Pass *pass, const float *pixels, float *scratch) {
    const Engine *e = pass->e;
    const Stage *wide = e->stages;
    i64 count = pixels_with_padding(wide);
    Padded in = {padded_image(wide, pixels, scratch), 0};
    if (!pass->training || !e->halves) return in;
    in.halves = e->halves + pass->thread * e->halves_size;
    halve(in.floats, count, in.halves);
    memset(in.halves + count, 0, sizeof(half) * (halves_of_image(wide) - count));
    return in;
}

static void pack_pairs(Engine *e) {
    const Stage *wide = e->stages, *narrow = wide + 1;
    i64 k = wide->layer.kernel;
    for (i64 row = 0; row < k; row++)
        pair_up(wide->packed + row * k * wide->pitch, k, wide->pitch, e->wide_pairs + row * couples(k) * wide->pitch);
    pair_up(narrow->packed, wide->channels, narrow->pitch, e->narrow_pairs);
    pair_up(narrow->flipped, narrow->channels, wide->pitch, e->flipped_pairs);
}

static Products wide_products(const Engine *e, const half *from) {
    const Stage *wide = e->stages;
    i64 k = wide->layer.kernel;
    return (Products){from, 1, k, couples(k), wide->terms.offset, e->wide_pairs, wide->packed_bias};
}

static const i64 NO_OFFSET = 0;

// As stem_row.
static void stem_row_of_halves(const Engine *e, half *image, int y, Span at, float *out) {
    const Stage *wide = e->stages, *narrow = wide + 1;
    i64 n = at.end - at.begin;
    half *row = (half *)rows_behind(wide, image).row;
    Products squeeze = {row, wide->pitch, 1, couples(wide->channels), &NO_OFFSET, e->narrow_pairs, narrow->packed_bias};
    Sink map = {.map = out + (y * narrow->width + at.begin) * narrow->pitch, .floor = finish(narrow).floor};
    rows_to_halves(n, wide->pitch, wide_products(e, image + y * row_length(wide) + at.begin), (Sink){.halves = row});
    rows_to_map(n, narrow->pitch, squeeze, map);
}

// As stem_row_gradient; `d` is that of the positions.
static void stem_row_gradient_of_halves(const Engine *e, int chunk, half *image, int y, Span at, const float *d) {
    const Stage *wide = e->stages, *narrow = wide + 1;
    i64 n = at.end - at.begin, k = wide->layer.kernel;
    Rows rows = rows_behind(wide, image);
    const half *from = image + y * row_length(wide) + at.begin;
    Products spread = {rows.d, narrow->pitch, 1, couples(narrow->channels), &NO_OFFSET, e->flipped_pairs, 0};
    Sink gated = {.pairs = rows.d_row, .gate = rows.row, .total = bias_sums(wide, chunk)};
    halve(d, n * narrow->pitch, rows.d);
    pair_up(d, n, narrow->pitch, rows.d_pairs);
    rows_to_pairs(n, wide->pitch, wide_products(e, from), (Sink){.pairs = rows.row});
    outer_of_pairs(couples(n), narrow->pitch, wide->channels, (half *)rows.row, 2 * wide->pitch, rows.d_pairs,
                   weight_sums(narrow, chunk));
    rows_to_gated_pairs(n, wide->pitch, spread, gated);
    for (i64 row = 0; row < k; row++)
        outer_of_neighbours(couples(n), wide->pitch, k, from + wide->terms.offset[row], 2, rows.d_row,
                            weight_sums(wide, chunk) + row * k * wide->pitch);
}

// As outer does for the `n` patches of a row, whose first one begins at `from`.
static void outer_of_patches(const Stage *wide, i64 n, half *image, i64 from, const float *patches, float *sums) {
    i64 k = wide->layer.kernel, columns = padded(wide->terms.count + 1);
    pair *pairs = rows_behind(wide, image).patches;
    pair_up(patches, n, columns, pairs);
    for (i64 row = 0; row < k; row++)
        outer_of_neighbours(couples(n), columns, k, image + from + wide->terms.offset[row], 2, pairs, sums + row * k * columns);
}
#else
static int set_up_halves(Engine *e) { return (void)e, 0; }
static Padded with_halves(const Pass *pass, const float *pixels, float *scratch) {
    return (Padded){padded_image(pass->e->stages, pixels, scratch), 0};
}
static void pack_pairs(Engine *e) { (void)e; }
static void stem_row_of_halves(const Engine *e, half *image, int y, Span at, float *out) {
    (void)e, (void)image, (void)y, (void)at, (void)out;
}
static void stem_row_gradient_of_halves(const Engine *e, int chunk, half *image, int y, Span at, const float *d) {
    (void)e, (void)chunk, (void)image, (void)y, (void)at, (void)d;
}
static void outer_of_patches(const Stage *wide, i64 n, half *image, i64 from, const float *patches, float *sums) {
    (void)wide, (void)n, (void)image, (void)from, (void)patches, (void)sums;
}
#endif
