// Forward: a batch in training layer by layer, since batch norm needs all images of a layer before the next; and the
// loss. What is only read goes image by image.

// The layer in hand of an image; its map and those before it lie at `place`.
static void forward_image(const Pass *pass, int chunk, i64 image, i64 place) {
    Engine *e = pass->e;
    Stage *s = pass->stage;
    float *activation = own_scratch(pass), *scratch = activation + e->activation;
    const float *in = pass->before ? activated(pass->before, place, activation) : pixels(pass, image);
    float *map = s->map + place * s->size;
    if (is_stem(e, s)) stem_forward(e, image, in, map, scratch);
    else if (s->layer.kind != CONV) pool(s, place, in, map, pass->training);
    else if (s->winograd) winograd(s, in, map, scratch);
    else convolve(s, in, map, scratch);
    if (s->layer.batch_norm && pass->training) add_moments(s, map, s->sums + chunk * 2 * s->pitch);
}

static void forward_images(const Pass *pass, int chunk) {
    Stage *s = pass->stage;
    memset(s->sums + chunk * 2 * s->pitch, 0, sizeof(double) * 2 * s->pitch);
    for (i64 image = chunk_begin(chunk, pass->images); image < chunk_begin(chunk + 1, pass->images); image++)
        forward_image(pass, chunk, image, image);
}

// The weights of the layer in hand, as its loops read them.
static void prepare(const Pass *pass) {
    if (is_stem(pass->e, pass->stage)) prepare_stem(pass);
    else if (pass->stage->layer.kind == CONV) each_chunk(pack, pass);
}

static void forward(Pass *pass) {
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

// In eval mode an image needs none of the others: it goes through all layers at once, in maps that stay in the cache
// because the thread's next image lies in the same place. Where there are fewer places than threads, each has its own.
static void read_images(const Pass *pass, int chunk) {
    Engine *e = pass->e;
    i64 classes = e->stages[e->count - 1].channels;
    for (i64 image = chunk_begin(chunk, pass->images); image < chunk_begin(chunk + 1, pass->images); image++) {
        i64 place = e->threads > e->batch ? image : pass->thread;
        Pass layer = *pass;
        for (int number = e->first; number < e->count; number++) {
            at_layer(&layer, number);
            forward_image(&layer, chunk, image, place);
        }
        memcpy(pass->scores + image * classes, scores_of(pass, place), sizeof(float) * classes);
    }
}

static void read_batch(Pass *pass) {
    for (int number = pass->e->first; number < pass->e->count; number++) {
        at_layer(pass, number);
        prepare(pass);
        if (pass->stage->layer.kind == CONV) finish_batch_norm(pass->stage, pass->images, 0);
    }
    each_chunk(read_images, pass);
}
