// A layer's weights in the order that its loops read them in, and their gradients back in torch's.

static void pack_terms(const Stage *s, int chunk) {
    const float *w = s->layer.weight;
    i64 k2 = s->layer.kernel * s->layer.kernel, outs = s->channels, ins = s->in_channels;
    for (i64 i = chunk_begin(chunk, ins); i < chunk_begin(chunk + 1, ins); i++)
        for (i64 t = 0; t < k2; t++)
            for (i64 o = 0; o < outs; o++) s->packed[(t * ins + i) * s->pitch + o] = w[(o * ins + i) * k2 + t];
    if (s->in_pitch == 1) return;  // nobody asks for the gradient of a picture
    for (i64 o = chunk_begin(chunk, outs); o < chunk_begin(chunk + 1, outs); o++)
        for (i64 t = 0; t < k2; t++)
            for (i64 i = 0; i < ins; i++)
                s->flipped[((k2 - 1 - t) * outs + o) * s->in_pitch + i] = w[(o * ins + i) * k2 + t];
}

static void pack(const Pass *pass, int chunk) {
    Stage *s = pass->stage;
    if (chunk == 0) memcpy(s->packed_bias, s->layer.bias, sizeof(float) * s->channels);
    (s->winograd ? winograd_pack : pack_terms)(s, chunk);
}

static void unpack_terms(const Stage *s, int chunk) {
    i64 k2 = s->layer.kernel * s->layer.kernel, terms = s->terms.count, ins = s->in_channels;
    for (i64 t = chunk_begin(chunk, terms); t < chunk_begin(chunk + 1, terms); t++)
        for (i64 o = 0; o < s->channels; o += LANES) {
            vec sum = over_groups(s, t, o);
            for (i64 lane = 0; lane < LANES && o + lane < s->channels; lane++)
                s->layer.d_weight[((o + lane) * ins + t % ins) * k2 + t / ins] = sum[lane];
        }
}

static void unpack_bias(const Stage *s) {
    for (i64 o = 0; o < s->channels; o++) s->layer.d_bias[o] = over_groups(s, s->weight_rows, o / LANES * LANES)[o % LANES];
}

static void unpack(const Pass *pass, int chunk) {
    if (chunk == 0) unpack_bias(pass->stage);
    (pass->stage->winograd ? winograd_unpack : unpack_terms)(pass->stage, chunk);
}
