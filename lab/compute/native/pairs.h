// Products of bfloat16 numbers that are added up in float32, for processors that multiply pairs of them at once (AVX-512
// BF16: Intel's from Cooper Lake on, AMD's from Zen 4 on). Twice as many products as in float32 (tiles.h).
//
//   rows_to_...:  out[p][c]  = start[c] + sum over t of a[p][t] * b[t][c]      t, t + 1 are a pair
//   outer_...:    sum[t][c] +=            sum over p of a[p][t] * d[p][c]      p, p + 1 are a pair
//
// A pair is 32 bits, the first of the two in the lower half; a vector holds one for each channel. Channels, positions and
// terms are those of tiles.h.

typedef uint16_t half;  // a bfloat16 number
typedef uint32_t pair;

#if defined(__AVX512BF16__) && defined(__AVX512BW__)
#include <immintrin.h>
enum { MULTIPLIES_PAIRS = 1, MOST_POSITIONS = 8, MOST_TERMS = 9 };  // of a tile

typedef float anywhere __attribute__((aligned(2), may_alias));

INLINE __m512bh pairs_at(const pair *from) { return (__m512bh)_mm512_loadu_si512(from); }
INLINE __m512bh pair_for_all(const half *from) {
    return (__m512bh)_mm512_castps_si512(_mm512_set1_ps(*(const anywhere *)from));
}
INLINE vec dot(vec sum, __m512bh a, __m512bh b) { return (vec)_mm512_dpbf16_ps((__m512)sum, a, b); }

INLINE void store_halves(half *to, vec value) {
    _mm256_storeu_si256((__m256i *)to, (__m256i)_mm512_cvtneps_pbh((__m512)value));
}

INLINE void store_pairs(pair *to, vec first, vec second) {
    const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21,
                                           5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    _mm512_storeu_si512(to, _mm512_permutexvar_epi16(order, (__m512i)_mm512_cvtne2ps_pbh((__m512)second, (__m512)first)));
}

// What becomes of the sums of positions: a map; bfloat16 numbers, floored; pairs of neighbouring positions, floored; or
// such pairs, kept only where `gate` is positive, and their sum over the positions added to `total`.
enum { TO_MAP, TO_HALVES, TO_PAIRS, TO_GATED_PAIRS };
typedef struct {
    float *map;
    int floor;
    half *halves;
    pair *pairs;
    const pair *gate;
    float *total;
} Sink;

// What is multiplied: `runs` runs of terms, each `pairs` pairs that begin an offset away from the position.
typedef struct {
    const half *a;
    i64 a_pitch, runs, pairs;
    const i64 *offset;
    const pair *b;
    const float *start;
} Products;

INLINE void finish_pairs(const int P, const int V, const int kind, i64 first, const vec *sum, Sink sink, i64 pitch) {
    UNROLL for (int v = 0; v < V; v++) {
        vec total = {0}, none = {0};
        UNROLL for (int p = 0; p < P; p += 2) {
            vec one = sum[p * V + v], other = p + 1 < P ? sum[(p + 1) * V + v] : none;
            i64 to = (first + p) / 2 * pitch + v * LANES;
            if (kind == TO_GATED_PAIRS) {
                bits gate = *(const bits *)(sink.gate + to);
                one = where((mask)((mask)(gate << 16) > 0), one);
                other = where((mask)((mask)(gate & 0xFFFF0000u) > 0), other);
                total += one + other;
            } else {
                one = floored(one), other = floored(other);
            }
            store_pairs(sink.pairs + to, one, other);
        }
        if (kind == TO_GATED_PAIRS) store(sink.total + v * LANES, load(sink.total + v * LANES) + total);
    }
}

INLINE void finish_positions(const int P, const int V, const int kind, i64 first, const vec *sum, Sink sink, i64 pitch) {
    UNROLL for (int p = 0; p < P; p++)
        UNROLL for (int v = 0; v < V; v++) {
            vec value = sum[p * V + v];
            i64 to = (first + p) * pitch + v * LANES;
            if (kind == TO_HALVES) store_halves(sink.halves + to, floored(value));
            else store(sink.map + to, sink.floor ? floored(value) : value);
        }
}

INLINE void pairs_tile(const int P, const int V, const int kind, i64 first, Products x, i64 c, Sink sink, i64 pitch) {
    vec sum[SUMS], none = {0};
    UNROLL for (int p = 0; p < P; p++)
        UNROLL for (int v = 0; v < V; v++) sum[p * V + v] = x.start ? load(x.start + c + v * LANES) : none;
    const pair *b = x.b + c;
    for (i64 run = 0; run < x.runs; run++) {
        const half *at = x.a + first * x.a_pitch + x.offset[run];
        for (i64 t = 0; t < x.pairs; t++, at += 2, b += pitch) {
            const half *from = at;
            __m512bh weight[3];
            UNROLL for (int v = 0; v < V; v++) weight[v] = pairs_at(b + v * LANES);
            UNROLL for (int p = 0; p < P; p++) {
                __m512bh value = pair_for_all(from);
                UNROLL for (int v = 0; v < V; v++) sum[p * V + v] = dot(sum[p * V + v], value, weight[v]);
                ADVANCE(from, x.a_pitch);
            }
        }
    }
    if (kind == TO_MAP || kind == TO_HALVES) finish_positions(P, V, kind, first, sum, sink, pitch);
    else finish_pairs(P, V, kind, first, sum, sink, pitch);
}

INLINE void outer_pairs_tile(const int T, const int V, const int step, i64 n, const half *a, i64 a_pitch, const pair *d,
                             float *into, i64 pitch) {
    vec sum[SUMS];
    UNROLL for (int t = 0; t < T; t++)
        UNROLL for (int v = 0; v < V; v++) sum[t * V + v] = load(into + t * pitch + v * LANES);
    for (i64 p = 0; p < n; p++, a += a_pitch, d += pitch) {
        __m512bh one[3];
        UNROLL for (int v = 0; v < V; v++) one[v] = pairs_at(d + v * LANES);
        UNROLL for (int t = 0; t < T; t++) {
            __m512bh value = pair_for_all(a + t * step);
            UNROLL for (int v = 0; v < V; v++) sum[t * V + v] = dot(sum[t * V + v], value, one[v]);
        }
    }
    UNROLL for (int t = 0; t < T; t++)
        UNROLL for (int v = 0; v < V; v++) store(into + t * pitch + v * LANES, sum[t * V + v]);
}

#define UP_TO_8(CASE, V) CASE(1, V) CASE(2, V) CASE(3, V) CASE(4, V) CASE(5, V) CASE(6, V) CASE(7, V) CASE(8, V)
#define PAIRS_CASE(P, V)                                                                                               \
    case P: pairs_tile(P, V, kind, first, x, c, sink, pitch); break;
#define OUTER_PAIRS_CASE(T, V)                                                                                         \
    case T: outer_pairs_tile(T, V, step, n, a + t * step, a_pitch, d, into + t * pitch, pitch); break;

// For 1 or 3 vectors of channels, from c on. Tiles begin at a pair: all but the last have an even number of positions.
#define TILED_PAIRS(V)                                                                                                 \
    INLINE void pairs_##V(const int kind, i64 n, Products x, i64 c, Sink sink, i64 pitch) {                            \
        i64 tiles = (n + MOST_POSITIONS - 1) / MOST_POSITIONS;                                                         \
        for (i64 i = 0, first = 0, next; i < tiles; i++, first = next) {                                               \
            next = i + 1 < tiles ? (n + 1) / 2 * (i + 1) / tiles * 2 : n;                                              \
            switch (next - first) { UP_TO_8(PAIRS_CASE, V) }                                                           \
        }                                                                                                              \
    }                                                                                                                  \
    INLINE void outer_pairs_##V(const int step, i64 n, i64 terms, const half *a, i64 a_pitch, const pair *d,           \
                                float *into, i64 pitch) {                                                              \
        i64 tiles = (terms + MOST_TERMS - 1) / MOST_TERMS;                                                             \
        for (i64 i = 0, t = 0, next; i < tiles; i++, t = next) {                                                       \
            next = terms * (i + 1) / tiles;                                                                            \
            switch (next - t) { UP_TO_8(OUTER_PAIRS_CASE, V) OUTER_PAIRS_CASE(9, V) }                                  \
        }                                                                                                              \
    }
TILED_PAIRS(1)
TILED_PAIRS(3)

INLINE Sink from_channel(Sink sink, i64 c) {
    if (sink.map) sink.map += c;
    if (sink.halves) sink.halves += c;
    if (sink.pairs) sink.pairs += c;
    if (sink.gate) sink.gate += c;
    if (sink.total) sink.total += c;
    return sink;
}

#define ROWS_OF_PAIRS(name, kind)                                                                                      \
    static void name(i64 n, i64 channels, Products x, Sink sink) {                                                     \
        for (i64 c = 0, vectors; c < channels; c += vectors * LANES) {                                                 \
            vectors = channels - c >= 3 * LANES ? 3 : 1;                                                               \
            if (vectors == 3) pairs_3(kind, n, x, c, from_channel(sink, c), channels);                                 \
            else pairs_1(kind, n, x, c, from_channel(sink, c), channels);                                              \
        }                                                                                                              \
    }
ROWS_OF_PAIRS(rows_to_map, TO_MAP)
ROWS_OF_PAIRS(rows_to_halves, TO_HALVES)
ROWS_OF_PAIRS(rows_to_pairs, TO_PAIRS)
ROWS_OF_PAIRS(rows_to_gated_pairs, TO_GATED_PAIRS)

// `n` pairs of positions. Of a term: numbers that stand behind one another in `a`, or pairs of them.
#define OUTER_OF_PAIRS(name, step)                                                                                     \
    static void name(i64 n, i64 channels, i64 terms, const half *a, i64 a_pitch, const pair *d, float *into) {         \
        for (i64 c = 0, vectors; c < channels; c += vectors * LANES) {                                                 \
            vectors = channels - c >= 3 * LANES ? 3 : 1;                                                               \
            if (vectors == 3) outer_pairs_3(step, n, terms, a, a_pitch, d + c, into + c, channels);                    \
            else outer_pairs_1(step, n, terms, a, a_pitch, d + c, into + c, channels);                                 \
        }                                                                                                              \
    }
OUTER_OF_PAIRS(outer_of_neighbours, 1)
OUTER_OF_PAIRS(outer_of_pairs, 2)

// Rows of whole vectors as rows of pairs; behind an odd number of them zeros.
static void pair_up(const float *from, i64 count, i64 pitch, pair *to) {
    vec none = {0};
    for (i64 t = 0; t < count; t += 2, to += pitch)
        for (i64 c = 0; c < pitch; c += LANES)
            store_pairs(to + c, load(from + t * pitch + c), t + 1 < count ? load(from + (t + 1) * pitch + c) : none);
}

static void halve(const float *from, i64 count, half *to) {  // whole vectors
    for (i64 i = 0; i < count; i += LANES) store_halves(to + i, load(from + i));
}
#else
enum { MULTIPLIES_PAIRS = 0 };
#endif
