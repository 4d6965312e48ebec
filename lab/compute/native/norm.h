// Batch norm and ReLU of one image, and what batch norm needs of a whole batch.

static void add_to(double *sums, vec values) {
    for (int i = 0; i < LANES; i++) sums[i] += values[i];
}

// Adds the sums of `count` values and of their squares, given those of how far each is from `first`.
static void add_shifted(double *sums, double *squares, vec first, vec sum, vec square, double count) {
    for (int i = 0; i < LANES; i++) {
        double from = first[i], total = sum[i];
        sums[i] += total + count * from;
        squares[i] += square[i] + from * (2 * total + count * from);
    }
}

// Adds an image's sums of the values and of their squares. A row at a time, since short sums round little, and from its
// first value, since of values that hardly differ little would be left of the difference between large squares.
static void add_moments(const Stage *s, const float *map, double *sums) {
    for (i64 row = 0; row < s->size; row += s->width * s->pitch)
        for (int c = 0; c < s->pitch; c += LANES) {
            vec first = load(map + row + c), sum = {0}, square = {0};
            for (i64 at = row + c; at < row + s->width * s->pitch; at += s->pitch) {
                vec value = load(map + at) - first;
                sum += value, square += value * value;
            }
            add_shifted(sums + c, sums + s->pitch + c, first, sum, square, s->width);
        }
}

static void set_batch_norm(Stage *s, int c, double mean, double variance) {
    s->mean[c] = mean;
    s->inverse[c] = 1 / sqrt(variance + EPSILON);
    s->scale[c] = s->layer.gamma[c] * s->inverse[c];
    s->shift[c] = s->layer.beta[c] - s->mean[c] * s->scale[c];
}

static void use_batch_moments(Stage *s, int c, double mean, double variance, double count) {
    Layer *l = &s->layer;
    set_batch_norm(s, c, mean, variance);
    l->running_mean[c] += MOMENTUM * ((float)mean - l->running_mean[c]);
    l->running_var[c] += MOMENTUM * ((float)(variance * count / (count > 1 ? count - 1 : 1)) - l->running_var[c]);
}

static double over_chunks(const Stage *s, int row, int c) {
    double sum = 0;
    for (int chunk = 0; chunk < CHUNKS; chunk++) sum += s->sums[(chunk * 2 + row) * s->pitch + c];
    return sum;
}

static void finish_batch_norm(Stage *s, i64 images, int training) {
    double count = (double)images * s->height * s->width;
    for (int c = 0; c < s->channels && s->layer.batch_norm; c++)
        if (training) {
            double mean = over_chunks(s, 0, c) / count, square = over_chunks(s, 1, c) / count - mean * mean;
            use_batch_moments(s, c, mean, square > 0 ? square : 0, count);
        } else {
            set_batch_norm(s, c, s->layer.running_mean[c], s->layer.running_var[c]);
        }
}

// Batch norm and ReLU of the positions `box` of a map; the first of the map's would come to `to`, with lines of `line` floats.
static void activate(const Stage *s, const float *map, Box box, i64 line, float *to) {
    for (int c = 0; c < s->pitch; c += LANES) {
        vec scale = load(s->scale + c), shift = load(s->shift + c);
        for (i64 y = box.rows.begin; y < box.rows.end; y++)
            for (i64 x = box.columns.begin; x < box.columns.end; x++) {
                vec value = load(map + (y * s->width + x) * s->pitch + c) * scale + shift;
                store(to + y * line + x * s->pitch + c, floored(value));
            }
    }
}

// The same in a map's own place in `scratch`; or the map itself where there is no batch norm.
static const float *activated_within(const Stage *s, const float *map, Box box, float *scratch) {
    if (!s->layer.batch_norm) return map;
    activate(s, map, box, s->width * s->pitch, scratch);
    return scratch;
}

// What the next layer sees of an image: its map, or behind batch norm and ReLU what is then put into `scratch`.
static const float *activated(const Stage *s, i64 image, float *scratch) {
    return activated_within(s, s->map + image * s->size, (Box){{0, s->height}, {0, s->width}}, scratch);
}

// ReLU's part of the gradient; `post` is the activated image.
static void begin_gradient_of_relu(const Stage *s, const float *post, float *g) {
    vec none = {0};
    for (i64 at = 0; at < s->size; at += LANES) store(g + at, where((mask)(load(post + at) > none), load(g + at)));
}

// The same, and the sums that batch norm's part needs.
static void begin_gradient(const Stage *s, i64 image, const float *post, double *sums) {
    const float *map = s->map + image * s->size;
    float *g = s->gradient + image * s->size;
    if (!s->layer.relu) return;
    if (!s->layer.batch_norm) {
        begin_gradient_of_relu(s, post, g);
        return;
    }
    for (int c = 0; c < s->pitch; c += LANES) {
        vec sum = {0}, product = {0}, none = {0}, mean = load(s->mean + c);
        for (i64 at = c; at < s->size; at += s->pitch) {
            vec value = where((mask)(load(post + at) > none), load(g + at));
            store(g + at, value);
            sum += value, product += value * (load(map + at) - mean);
        }
        add_to(sums + c, sum), add_to(sums + s->pitch + c, product * load(s->inverse + c));
    }
}

static void sum_gradient(Stage *s, i64 images) {
    double count = (double)images * s->height * s->width;
    for (int c = 0; c < s->channels && s->layer.batch_norm; c++) {
        double g = over_chunks(s, 0, c), gx = over_chunks(s, 1, c);
        s->layer.d_beta[c] = g, s->layer.d_gamma[c] = gx;
        s->mean_g[c] = g / count, s->mean_gx[c] = gx / count;
    }
}

static void finish_gradient(const Stage *s, i64 image) {
    const float *map = s->map + image * s->size;
    float *g = s->gradient + image * s->size;
    if (!s->layer.batch_norm) return;
    for (int c = 0; c < s->pitch; c += LANES) {
        vec scale = load(s->scale + c), mean = load(s->mean + c), inverse = load(s->inverse + c);
        vec mean_g = load(s->mean_g + c), mean_gx = load(s->mean_gx + c) * inverse;
        for (i64 at = c; at < s->size; at += s->pitch)
            store(g + at, scale * (load(g + at) - mean_g - (load(map + at) - mean) * mean_gx));
    }
}
