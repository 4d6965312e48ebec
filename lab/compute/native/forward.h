// Forward: a batch in training layer by layer, since batch norm needs all images of a layer before the next; and the
// loss. What is only read goes image by image.

// Whole tiles that have something of the spans `ink` of a map's rows; rounding makes the rest of such a tile other than it
// is in a blank picture.
static void widen_to_tiles(const Stage *s, Span *ink) {
    for (i64 y = 0; y < s->height; y += 2) {
        Span *next = ink + (y + 1 < s->height), seen = joined(ink[0], *next);
        seen.begin -= seen.begin % 2, seen.end += seen.end % 2;
        if (seen.end > s->width) seen.end = s->width;
        *ink = *next = seen;
        ink += 2;
    }
}

// The numbers of the tiles within spans of whole ones; returns how many.
static i64 tiles_within(const Stage *s, const Span *ink, int32_t *tiles) {
    i64 count = 0;
    for (i64 y = 0; y < s->height; y += 2)
        for (i64 x = ink[y].begin; x < ink[y].end; x += 2) tiles[count++] = y / 2 * ((s->width + 1) / 2) + x / 2;
    return count;
}

static void forward_tiles(const Pass *pass, const float *in, const Span *ink, float *map, float *scratch) {
    const Stage *s = pass->stage;
    int32_t *some = pass->e->tiles + pass->thread * pass->e->most_tiles;
    i64 count = ink ? tiles_within(s, ink, some) : tiles_of(s);
    winograd(s, in, ink ? some : s->tiles, count, map, scratch);
}

// The layer's input in its frame, behind batch norm and ReLU; of that what is `needed`.
static const float *framed(const Pass *pass, const float *image, Box needed, i64 place, Frame f) {
    const Stage *s = pass->stage, *before = pass->before;
    const float *from = before ? before->map + place * before->size : image;
    i64 pad = s->layer.padding, line = f.line * s->in_pitch, row = s->in_width * s->in_pitch;
    float *first = f.at + (pad * f.line + pad) * s->in_pitch;
    int is_ready = !before || !before->layer.batch_norm;
    if (is_ready && f.line == s->in_width && f.height == s->in_height) return from;
    clear_around(s, f);
    if (!is_ready) activate(before, from, needed, line, first);
    for (i64 y = 0; is_ready && y < s->in_height; y++) memcpy(first + y * line, from + y * row, sizeof(float) * row);
    return f.at;
}

static void forward_convolution(const Pass *pass, const float *image, const Span *ink, i64 place, float *map,
                                float *scratch) {
    const Stage *s = pass->stage;
    Frame f = s->winograd ? frame_of_tiles(s, scratch) : frame_of_terms(s, scratch);
    const float *in = framed(pass, image, needed(s, ink), place, f);
    if (s->winograd) forward_tiles(pass, in, ink, map, scratch);
    else if (ink) convolve_rows(s, in, ink, map, scratch);
    else convolve(s, in, map, scratch);
}

static void forward_pooling(const Pass *pass, const Span *ink, i64 place, float *map, float *activation) {
    const Stage *s = pass->stage, *before = pass->before;
    const float *in = activated_within(before, before->map + place * before->size, needed(s, ink), activation);
    pool(s, place, in, ink, map, pass->training);
}

// The layer in hand of an image; its map and those before it lie at `place`. Where `ink` is given, only the positions that
// it names are sure to be computed.
static void forward_image(const Pass *pass, const float *image, const Span *ink, i64 place) {
    Engine *e = pass->e;
    Stage *s = pass->stage;
    float *activation = own_scratch(pass), *scratch = activation + e->activation;
    float *map = s->map + place * s->size;
    if (is_stem(e, s)) stem_forward(pass, image, ink, map, scratch);
    else if (s->layer.kind == CONV) forward_convolution(pass, image, ink, place, map, scratch);
    else forward_pooling(pass, ink, place, map, activation);
}

static void forward_images(const Pass *pass, int chunk) {
    Engine *e = pass->e;
    Stage *s = pass->stage;
    double *sums = s->sums + chunk * 2 * s->pitch;
    memset(sums, 0, sizeof(double) * 2 * s->pitch);
    for (i64 image = chunk_begin(chunk, pass->images); image < chunk_begin(chunk + 1, pass->images); image++) {
        const Span *ink = is_stem(e, s) ? e->ink + image * s->height : 0;
        float *map = s->map + image * s->size;
        forward_image(pass, pixels(pass, image), ink, image);
        if (ink) leave_blank(s, ink, map);
        if (s->layer.batch_norm) add_moments(s, map, sums);
    }
}

// The weights of the layer in hand, as its loops read them.
static void prepare(const Pass *pass) {
    if (is_stem(pass->e, pass->stage)) prepare_stem(pass);
    else if (pass->stage->layer.kind == CONV) each_chunk(pack, pass);
}

// Any value may be called background: here that of a corner, which a digit seldom reaches.
static void fill_blank(const Pass *pass) {
    for (i64 i = 0; i < pass->e->stages->in_size; i++) pass->e->blank[i] = *pass->x;
}

static void forward(Pass *pass) {
    fill_blank(pass);
    for (int number = pass->e->first; number < pass->e->count; number++) {
        at_layer(pass, number);
        prepare(pass);
        each_chunk(forward_images, pass);
        if (pass->stage->layer.kind == CONV) finish_batch_norm(pass->stage, pass->images, 1);
    }
}

// Global average pooling of an image whose map lies at `place`: the scores of its classes.
static float *scores_of(const Pass *pass, i64 place) {
    Engine *e = pass->e;
    const Stage *s = e->stages + e->count - 1;
    i64 positions = s->height * s->width;
    const float *post = activated(s, place, own_scratch(pass));
    float *mean = own_scratch(pass) + e->activation;
    for (int c = 0; c < s->channels; c++) {
        mean[c] = 0;
        for (i64 p = 0; p < positions; p++) mean[c] += post[p * s->pitch + c];
        mean[c] /= positions;
    }
    return mean;
}

// Softmax and cross-entropy of one image; leaves the gradient of the mean loss.
static void lose_image(const Pass *pass, i64 image) {
    Engine *e = pass->e;
    Stage *s = e->stages + e->count - 1;
    i64 positions = s->height * s->width;
    float *mean = scores_of(pass, image), highest = -INFINITY, total = 0;
    int best = 0;
    for (int c = 0; c < s->channels; c++)
        if (mean[c] > highest) highest = mean[c], best = c;
    int64_t label = pass->labels[image];
    for (int c = 0; c < s->channels; c++) total += expf(mean[c] - highest);
    float spread = e->smoothing / s->channels, target = (1 - e->smoothing) * mean[label];
    for (int c = 0; c < s->channels; c++) target += spread * mean[c];
    e->losses[image] = logf(total) + highest - target;
    e->right[image] = best == label;
    float *g = s->gradient + image * s->size;
    for (int c = 0; c < s->channels; c++) {
        float wanted = spread + (c == label) * (1 - e->smoothing);
        float d = (expf(mean[c] - highest) / total - wanted) / pass->images / positions;
        for (i64 p = 0; p < positions; p++) g[p * s->pitch + c] = d;
    }
}

static void lose_images(const Pass *pass, int chunk) {
    for (i64 image = chunk_begin(chunk, pass->images); image < chunk_begin(chunk + 1, pass->images); image++)
        lose_image(pass, image);
}

// --- images that are only read -----------------------------------------------------------------------------------

// What may differ from a blank picture in a layer's map, given what does in its input.
static void ink_of_map(const Stage *s, const Span *of_input, Span *ink) {
    for (int y = 0; y < s->height; y++) ink[y] = ink_seen(s, of_input, y);
    if (s->winograd) widen_to_tiles(s, ink);
}

// In eval mode an image needs none of the others: it goes through all layers at once, in maps that stay in the cache
// because the thread's next image lies in the same place. Once it is known what the layers make of a blank picture, only
// where it differs from one.
static void read_image(const Pass *pass, const float *image) {
    Engine *e = pass->e;
    Span *seen = e->seen + pass->thread * 2 * e->most_rows, *rows[] = {seen, seen + e->most_rows};
    Pass layer = *pass;
    if (pass->has_blank) ink_of_image(e->stages, image, *e->blank, rows[0]);
    for (int number = 0; number < e->count; number++) {
        at_layer(&layer, number);
        Span *ink = pass->has_blank ? rows[(number + 1) % 2] : 0;
        if (ink) ink_of_map(layer.stage, rows[number % 2], ink);
        if (number < e->first) continue;
        forward_image(&layer, image, ink, pass->thread);
        if (ink) leave_blank(layer.stage, ink, layer.stage->map + pass->thread * layer.stage->size);
    }
}

static void read_images(const Pass *pass, int chunk) {
    Engine *e = pass->e;
    i64 classes = e->stages[e->count - 1].channels;
    for (i64 image = chunk_begin(chunk, pass->images); image < chunk_begin(chunk + 1, pass->images); image++) {
        read_image(pass, pixels(pass, image));
        memcpy(pass->scores + image * classes, scores_of(pass, pass->thread), sizeof(float) * classes);
    }
}

static void read_blank(Pass *pass) {
    fill_blank(pass);
    read_image(pass, pass->e->blank);
    for (Stage *s = pass->e->stages + pass->e->first; s < pass->e->stages + pass->e->count; s++)
        memcpy(s->blank, s->map, sizeof(float) * s->size);
    pass->has_blank = 1;
}

static void read_batch(Pass *pass) {
    for (int number = pass->e->first; number < pass->e->count; number++) {
        at_layer(pass, number);
        prepare(pass);
        if (pass->stage->layer.kind == CONV) finish_batch_norm(pass->stage, pass->images, 0);
    }
    if (pass->images >= CHUNKS) read_blank(pass);  // it takes as long as one of them
    each_chunk(read_images, pass);
}
