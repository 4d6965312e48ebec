// A layer's weights in the order that its loops read them in, and their gradients back in torch's.

// Where column x of kernel row y lies, as a term, for input i and the position that is `d`th abreast.
static i64 term(const Stage *s, i64 y, i64 x, i64 i, i64 d) {
    return (y * wider_kernel(s->layer.kernel, s->layer.stride, s->abreast) + x + d * s->layer.stride) * s->in_channels + i;
}

// The same for output o, in the gradient of the input.
static i64 flipped_term(const Stage *s, i64 y, i64 x, i64 o, i64 d) {
    i64 k = s->layer.kernel;
    return ((k - 1 - y) * wider_kernel(k, 1, s->in_abreast) + k - 1 - x + d) * s->channels + o;
}

static void pack_terms(const Stage *s, int chunk) {
    const float *w = s->layer.weight;
    i64 k = s->layer.kernel, outs = s->channels, ins = s->in_channels;
    for (i64 i = chunk_begin(chunk, ins); i < chunk_begin(chunk + 1, ins); i++)
        for (i64 t = 0; t < k * k; t++)
            for (i64 d = 0; d < s->abreast; d++)
                for (i64 o = 0, to = term(s, t / k, t % k, i, d) * s->pitch + d * outs; o < outs; o++)
                    s->packed[to + o] = w[(o * ins + i) * k * k + t];
    if (s->in_pitch == 1) return;  // nobody asks for the gradient of a picture
    for (i64 o = chunk_begin(chunk, outs); o < chunk_begin(chunk + 1, outs); o++)
        for (i64 t = 0; s->patches && t < k * k; t++)
            for (i64 i = 0, to = o * patch_size(s) + t / k * patch_row(s) + t % k * ins; i < ins; i++)
                s->flipped[to + i] = w[(o * ins + i) * k * k + t];
    if (s->patches) return;
    for (i64 o = chunk_begin(chunk, outs); o < chunk_begin(chunk + 1, outs); o++)
        for (i64 t = 0; t < k * k; t++)
            for (i64 d = 0; d < s->in_abreast; d++)
                for (i64 i = 0, to = flipped_term(s, t / k, t % k, o, d) * s->in_pitch + d * ins; i < ins; i++)
                    s->flipped[to + i] = w[(o * ins + i) * k * k + t];
}

static void pack(const Pass *pass, int chunk) {
    Stage *s = pass->stage;
    for (i64 d = 0; chunk == 0 && d < s->abreast; d++)
        memcpy(s->packed_bias + d * s->channels, s->layer.bias, sizeof(float) * s->channels);
    (s->winograd ? winograd_pack : pack_terms)(s, chunk);
}

static void unpack_terms(const Stage *s, int chunk) {
    i64 k = s->layer.kernel, ins = s->in_channels, terms = k * k * ins;
    for (i64 t = chunk_begin(chunk, terms); t < chunk_begin(chunk + 1, terms); t++)
        for (i64 o = 0, i = t % ins, at = t / ins; o < s->channels; o += LANES)
            for (i64 d = 0; d < s->abreast; d++) {
                vec sum = over_parts(s, term(s, at / k, at % k, i, d), o);
                for (i64 lane = 0; lane < LANES && o + lane < s->channels; lane++) {
                    float *to = s->layer.d_weight + ((o + lane) * ins + i) * k * k + at;
                    *to = (d ? *to : 0) + sum[d * s->channels + lane];
                }
            }
}

static void unpack_bias(const Stage *s) {
    for (i64 o = 0; o < s->channels; o++) {
        float sum = 0;
        for (int chunk = 0; chunk < CHUNKS; chunk++) sum += bias_sums(s, chunk)[o];
        s->layer.d_bias[o] = sum;
    }
}

static void unpack(const Pass *pass, int chunk) {
    if (chunk == 0) unpack_bias(pass->stage);
    (pass->stage->winograd ? winograd_unpack : unpack_terms)(pass->stage, chunk);
}
