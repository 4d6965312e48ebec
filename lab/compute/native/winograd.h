// A 3x3 convolution of stride 1 with 16 multiplications for four positions instead of 36: Winograd's F(2x2, 3x3) (Lavin
// and Gray, "Fast Algorithms for Convolutional Neural Networks", 2015). With
//          1  0 -1  0          1    0    0
//     B' = 0  1  1  0     G = 1/2  1/2  1/2    A' = 1  1  1  0
//          0 -1  1  0         1/2 -1/2  1/2         0  1 -1 -1
//          0  1  0 -1          0    0    1
// a 4x4 patch d of the input and a kernel g give the tile y = A'[(G g G') . (B' d B)]A, 2x2 positions of the map, where
// the product is taken at each of 16 points; summed over input channels it is a matrix product at each. The gradients:
//     dg = G'[sum over tiles of (A dy A') . (B' d B)]G,     dd = B[(G g G') . (A dy A')]B', added up where patches overlap.
// A and B hold nothing but 0, 1 and -1, so this rounds hardly more than the sum as it is written.

// Points of a tile; floats of the points of a block, half a MB, which a core's own cache holds beside the weights; and
// tiles of a block at least. Of weights: those that such a cache holds, 1 MB; and what it takes to read another.
enum { TILE_POINTS = 16, BLOCK_FLOATS = 131072, FEWEST = 14, HELD_POINTS = 262144, READING = 10 };

typedef struct {
    vec a, b, c, d;
} Line;

typedef struct {
    vec at[4][4];
} Patch;

INLINE Line points_of_input(Line d) { return (Line){d.a - d.c, d.b + d.c, d.c - d.b, d.b - d.d}; }         // B' d
INLINE Line input_of_points(Line v) { return (Line){v.a, v.b - v.c + v.d, v.b + v.c - v.a, -v.d}; }        // B v
INLINE Line points_of_tile(Line y) { return (Line){y.a, y.a + y.b, y.a - y.b, -y.b}; }                     // A y
INLINE Line tile_of_points(Line m) { return (Line){m.a + m.b + m.c, m.b - m.c - m.d, m.c, m.d}; }          // A' m
INLINE Line points_of_kernel(Line g) { return (Line){g.a, (g.a + g.c + g.b) * 0.5f, (g.a + g.c - g.b) * 0.5f, g.c}; }
INLINE Line kernel_of_points(Line u) { return (Line){u.a + (u.b + u.c) * 0.5f, (u.b - u.c) * 0.5f,
                                                     (u.b + u.c) * 0.5f + u.d, u.d}; }

// A transformation of the columns, then of the rows. Of a tile or a kernel, the first two or three of each count.
INLINE Patch both_ways(Line (*transform)(Line), Patch of) {
    Patch half, whole;
    UNROLL for (int x = 0; x < 4; x++) {
        Line line = transform((Line){of.at[0][x], of.at[1][x], of.at[2][x], of.at[3][x]});
        half.at[0][x] = line.a, half.at[1][x] = line.b, half.at[2][x] = line.c, half.at[3][x] = line.d;
    }
    UNROLL for (int y = 0; y < 4; y++) {
        Line line = transform((Line){half.at[y][0], half.at[y][1], half.at[y][2], half.at[y][3]});
        whole.at[y][0] = line.a, whole.at[y][1] = line.b, whole.at[y][2] = line.c, whole.at[y][3] = line.d;
    }
    return whole;
}

// --- in a thread's scratch ---------------------------------------------------------------------------------------

// The tiles of an image, `block` of them at a time.
typedef struct {
    i64 down, across, block;
    i64 in_plane, plane;  // floats from one point to the next, of the input and of the map: [tile][channel] each
    i64 patched;          // floats of the input with padding, as large as the patches reach
} Tiling;

typedef struct {
    float *image, *d_image;  // [row][column][channel], `patched` floats each
    float *in, *out;         // [point][tile of the block][channel], TILE_POINTS planes each
} Bench;

static i64 tiles_of(const Stage *s) { return (s->height + 1) / 2 * ((s->width + 1) / 2); }

// Products of channels that term by term take, for each two of them: for the map and the weights' gradient, which have
// its channels in a vector, and for the input's gradient.
static i64 products_of_terms(const Stage *s) {
    i64 many = positions_abreast(3, 1, s->in_channels, s->channels, s->width);
    i64 in_many = positions_abreast(3, 1, s->channels, s->in_channels, s->width);
    return s->height * (2 * products_of_row(3, 1, s->width, many) + products_of_row(3, 1, s->width, in_many)) / 3;
}

// Whether the multiplications that it saves are more than what the transformations cost. They were timed from 10 to 128
// channels and maps of 2x2 to 26x26: those of a tile take as long as 100 multiplications for each channel that goes in or
// comes out. Weights that a core's own cache does not hold are read anew for every image, 16 points where there are 9
// elements: each as long as READING multiplications. lab/engine_memory.py reckons with the same.
static int fits_winograd(const Stage *s) {
    i64 tiles = tiles_of(s), ins = s->in_channels, outs = s->channels;
    i64 reading = TILE_POINTS * ins * outs > HELD_POINTS ? READING * (TILE_POINTS - 9) : 0;
    return s->layer.kernel == 3 && s->layer.stride == 1 && s->in_pitch > 1 &&
           tiles * (TILE_POINTS * ins * outs + 100 * (ins + outs)) < (products_of_terms(s) - reading) * ins * outs;
}

static Tiling tiling(const Stage *s) {
    Tiling t = {.down = (s->height + 1) / 2, .across = (s->width + 1) / 2};
    t.block = BLOCK_FLOATS / (TILE_POINTS * (s->in_pitch + s->pitch));
    if (t.block < FEWEST) t.block = FEWEST;
    if (t.block > tiles_of(s)) t.block = tiles_of(s);
    t.in_plane = t.block * s->in_pitch + LANES, t.plane = t.block * s->pitch + LANES;  // not a power of two apart
    t.patched = (2 * t.down + 2) * (2 * t.across + 2) * s->in_pitch;
    return t;
}

static i64 winograd_scratch(const Stage *s) {
    Tiling t = tiling(s);
    return 2 * t.patched + TILE_POINTS * (t.in_plane + t.plane);
}

static Bench bench(Tiling t, float *scratch) {
    float *in = scratch + 2 * t.patched;
    return (Bench){scratch, scratch + t.patched, in, in + TILE_POINTS * t.in_plane};
}

static Frame frame_of_tiles(const Stage *s, float *scratch) {
    Tiling t = tiling(s);
    return (Frame){scratch, 2 * t.across + 2, 2 * t.down + 2};
}

static int fits_patches(const Stage *s, Tiling t) {
    return !s->layer.padding && 2 * t.down + 2 == s->in_height && 2 * t.across + 2 == s->in_width;
}

// Copies an image's rows into the middle of `patched`, or back.
static void copy_rows(const Stage *s, Tiling t, float *image, float *patched, int back) {
    i64 pad = s->layer.padding, line = (2 * t.across + 2) * s->in_pitch, row = s->in_width * s->in_pitch;
    for (i64 y = 0; y < s->in_height; y++) {
        float *there = patched + (y + pad) * line + pad * s->in_pitch;
        memcpy(back ? image + y * row : there, back ? there : image + y * row, sizeof(float) * row);
    }
}

static const float *patched(const Stage *s, Tiling t, const float *image, Bench b) {
    if (fits_patches(s, t)) return image;
    memset(b.image, 0, sizeof(float) * t.patched);
    copy_rows(s, t, (float *)image, b.image, 0);
    return b.image;
}

// --- a block of tiles --------------------------------------------------------------------------------------------

static void to_points_of_input(const Stage *s, Tiling t, const float *image, const int32_t *tiles, i64 n, float *to) {
    i64 pitch = s->in_pitch, line = (2 * t.across + 2) * pitch;
    for (i64 i = 0; i < n; i++) {
        const float *from = image + tiles[i] / t.across * 2 * line + tiles[i] % t.across * 2 * pitch;
        for (i64 c = 0; c < pitch; c += LANES) {
            Patch d;
            UNROLL for (int k = 0; k < TILE_POINTS; k++) d.at[k / 4][k % 4] = load(from + k / 4 * line + k % 4 * pitch + c);
            d = both_ways(points_of_input, d);
            UNROLL for (int k = 0; k < TILE_POINTS; k++) store(to + k * t.in_plane + i * pitch + c, d.at[k / 4][k % 4]);
        }
    }
}

static void from_points_of_input(const Stage *s, Tiling t, const float *from, const int32_t *tiles, i64 n, float *image) {
    i64 pitch = s->in_pitch, line = (2 * t.across + 2) * pitch;
    for (i64 i = 0; i < n; i++) {
        float *to = image + tiles[i] / t.across * 2 * line + tiles[i] % t.across * 2 * pitch;
        for (i64 c = 0; c < pitch; c += LANES) {
            Patch d;
            UNROLL for (int k = 0; k < TILE_POINTS; k++) d.at[k / 4][k % 4] = load(from + k * t.in_plane + i * pitch + c);
            d = both_ways(input_of_points, d);
            UNROLL for (int k = 0; k < TILE_POINTS; k++) {
                float *at = to + k / 4 * line + k % 4 * pitch + c;
                store(at, load(at) + d.at[k / 4][k % 4]);
            }
        }
    }
}

// What of a tile lies in the map.
INLINE int in_map(const Stage *s, i64 y, i64 x) { return y < s->height && x < s->width; }

static void to_points_of_map(const Stage *s, Tiling t, const float *map, const int32_t *tiles, i64 n, float *to) {
    for (i64 i = 0; i < n; i++) {
        i64 y = tiles[i] / t.across * 2, x = tiles[i] % t.across * 2;
        for (i64 c = 0; c < s->pitch; c += LANES) {
            Patch d = {0};
            UNROLL for (int k = 0; k < 4; k++)
                if (in_map(s, y + k / 2, x + k % 2))
                    d.at[k / 2][k % 2] = load(map + ((y + k / 2) * s->width + x + k % 2) * s->pitch + c);
            d = both_ways(points_of_tile, d);
            UNROLL for (int k = 0; k < TILE_POINTS; k++) store(to + k * t.plane + i * s->pitch + c, d.at[k / 4][k % 4]);
        }
    }
}

static void from_points_of_map(const Stage *s, Tiling t, const float *from, const int32_t *tiles, i64 n, float *map) {
    int is_floored = finish(s).floor;
    for (i64 i = 0; i < n; i++) {
        i64 y = tiles[i] / t.across * 2, x = tiles[i] % t.across * 2;
        for (i64 c = 0; c < s->pitch; c += LANES) {
            Patch d;
            UNROLL for (int k = 0; k < TILE_POINTS; k++) d.at[k / 4][k % 4] = load(from + k * t.plane + i * s->pitch + c);
            d = both_ways(tile_of_points, d);
            UNROLL for (int k = 0; k < 4; k++)
                if (in_map(s, y + k / 2, x + k % 2)) {
                    vec value = d.at[k / 2][k % 2] + load(s->packed_bias + c);
                    store(map + ((y + k / 2) * s->width + x + k % 2) * s->pitch + c, is_floored ? floored(value) : value);
                }
        }
    }
}

// --- an image ----------------------------------------------------------------------------------------------------

// The tiles of these numbers; `in` is the image in its frame.
static void winograd(const Stage *s, const float *in, const int32_t *tiles, i64 count, float *map, float *scratch) {
    Tiling t = tiling(s);
    Bench b = bench(t, scratch);
    for (i64 n; count > 0; count -= n, tiles += n) {
        n = count < t.block ? count : t.block;
        to_points_of_input(s, t, in, tiles, n, b.in);
        for (int k = 0; k < TILE_POINTS; k++)
            rows(1, n, s->pitch, &s->terms, b.in + k * t.in_plane, s->in_pitch, 0, s->packed + k * s->in_channels * s->pitch,
                 0, AS_IT_IS, b.out + k * t.plane);
        from_points_of_map(s, t, b.out, tiles, n, map);
    }
}

// Adds the gradient of the weights, as points, to `into`; fills that of the input.
static void winograd_gradient(const Stage *s, const float *image, const float *d, float *into, float *d_in,
                              float *scratch) {
    Tiling t = tiling(s);
    Bench b = bench(t, scratch);
    const float *in = patched(s, t, image, b);
    float *d_image = fits_patches(s, t) ? d_in : b.d_image;
    memset(d_image, 0, sizeof(float) * t.patched);
    const int32_t *tiles = s->tiles;
    for (i64 count = tiles_of(s), n; count > 0; count -= n, tiles += n) {
        n = count < t.block ? count : t.block;
        to_points_of_input(s, t, in, tiles, n, b.in);
        to_points_of_map(s, t, d, tiles, n, b.out);
        for (int k = 0; k < TILE_POINTS; k++) {
            float *points = b.in + k * t.in_plane, *d_points = b.out + k * t.plane;
            outer(1, n, 0, s->pitch, s->pitch, &s->terms, points, s->in_pitch, 0, d_points,
                  into + k * s->in_channels * s->pitch);
            rows(1, n, s->in_pitch, &s->flipped_terms, d_points, s->pitch, 0, s->flipped + k * s->channels * s->in_pitch,
                 0, AS_IT_IS, points);
        }
        from_points_of_input(s, t, b.in, tiles, n, d_image);
    }
    if (d_image != d_in) copy_rows(s, t, d_in, d_image, 1);
}

// --- weights -----------------------------------------------------------------------------------------------------

// Kernels of `n` channels, `step` floats apart: a lane each.
static Patch kernels(const float *weight, i64 step, i64 n) {
    Patch g = {0};
    for (i64 lane = 0; lane < n && lane < LANES; lane++)
        for (int k = 0; k < 9; k++) g.at[k / 3][k % 3][lane] = weight[lane * step + k];
    return both_ways(points_of_kernel, g);
}

static void winograd_pack(const Stage *s, int chunk) {
    const float *w = s->layer.weight;
    i64 outs = s->channels, ins = s->in_channels;
    for (i64 i = chunk_begin(chunk, ins); i < chunk_begin(chunk + 1, ins); i++)
        for (i64 o = 0; o < outs; o += LANES) {
            Patch u = kernels(w + (o * ins + i) * 9, ins * 9, outs - o);
            for (int k = 0; k < TILE_POINTS; k++) store(s->packed + (k * ins + i) * s->pitch + o, u.at[k / 4][k % 4]);
        }
    for (i64 o = chunk_begin(chunk, outs); o < chunk_begin(chunk + 1, outs); o++)
        for (i64 i = 0; i < ins; i += LANES) {
            Patch u = kernels(w + (o * ins + i) * 9, 9, ins - i);
            for (int k = 0; k < TILE_POINTS; k++) store(s->flipped + (k * outs + o) * s->in_pitch + i, u.at[k / 4][k % 4]);
        }
}

static void winograd_unpack(const Stage *s, int chunk) {
    i64 outs = s->channels, ins = s->in_channels;
    for (i64 i = chunk_begin(chunk, ins); i < chunk_begin(chunk + 1, ins); i++)
        for (i64 o = 0; o < outs; o += LANES) {
            Patch u;
            for (int k = 0; k < TILE_POINTS; k++) u.at[k / 4][k % 4] = over_parts(s, k * ins + i, o);
            u = both_ways(kernel_of_points, u);
            for (i64 lane = 0; lane < LANES && o + lane < outs; lane++)
                for (int k = 0; k < 9; k++)
                    s->layer.d_weight[((o + lane) * ins + i) * 9 + k] = u.at[k / 3][k % 3][lane];
        }
}
