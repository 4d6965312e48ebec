// Drives the engine without Python or PyTorch, on arrays of exactly the size that it may touch: for the compilers'
// sanitizers (test_native_sanitized.py). Reads networks from standard input, each a line
//     batch layers, then for every layer: kind kernel stride padding channels batch_norm relu dropout bias inputs classes
// trains a batch, a smaller one and one of a single image, reads some images after each, and prints the sum of the
// losses; or "refused".

#include "engine.c"

#include <pthread.h>
#include <stdio.h>

enum { SIDE = 28, THREADS = 3, READ = CHUNKS + 3 };

// What PyTorch's OpenMP runtime does for the engine: the same work on several threads, which divide it among themselves.
static _Thread_local int number;
static struct {
    void (*body)(void *);
    void *data;
} work;

static void *run(void *mine) {
    number = (int)(intptr_t)mine;
    work.body(work.data);
    return 0;
}

void GOMP_parallel(void (*body)(void *), void *data, unsigned threads, unsigned flags) {
    pthread_t others[THREADS];
    (void)flags;
    work.body = body, work.data = data;
    for (unsigned i = 1; i < threads; i++) pthread_create(others + i, 0, run, (void *)(intptr_t)i);
    run(0);
    for (unsigned i = 1; i < threads; i++) pthread_join(others[i], 0);
}

int omp_get_thread_num(void) { return number; }

static uint32_t state = 1;
static float noise(void) { return (float)((state = state * 1664525u + 1013904223u) >> 8) / (1 << 23) - 1; }

static float *filled(i64 count, float scale, float offset) {
    float *array = malloc(sizeof(float) * count);
    for (i64 i = 0; i < count; i++) array[i] = noise() * scale + offset;
    return array;
}

static void describe(Layer *l, int *classes) {
    int inputs, bias;
    if (scanf("%d %d %d %d %d %d %d %f %d %d %d", &l->kind, &l->kernel, &l->stride, &l->padding, &l->channels,
              &l->batch_norm, &l->relu, &l->dropout, &bias, &inputs, classes) != 11) exit(2);
    if (l->kind != CONV) return;
    i64 out = l->channels, weights = out * inputs * l->kernel * l->kernel;
    l->weight = filled(weights, 0.1f, 0), l->d_weight = filled(weights, 0, 0);
    if (bias) l->bias = filled(out, 0.1f, 0), l->d_bias = filled(out, 0, 0);
    if (!l->batch_norm) return;
    l->gamma = filled(out, 0.5f, 1), l->beta = filled(out, 0.5f, 0);
    l->d_gamma = filled(out, 0, 0), l->d_beta = filled(out, 0, 0);
    l->running_mean = filled(out, 0, 0), l->running_var = filled(out, 0, 1);
}

static void forget(Layer *l) {
    free((void *)l->weight), free((void *)l->bias), free((void *)l->gamma), free((void *)l->beta);
    free(l->d_weight), free(l->d_bias), free(l->d_gamma), free(l->d_beta), free(l->running_mean), free(l->running_var);
}

static double train(Engine *e, int images, int classes, int picture) {
    int read = images > 1 && images < READ ? READ : images;  // also more than a batch, and a single one
    float *x = filled((i64)read * SIDE * SIDE, 1, 0), *scores = malloc(sizeof(float) * read * classes);
    int64_t *labels = malloc(sizeof(int64_t) * images), correct = 0;
    double loss = 0;
    for (i64 i = 0; i < (i64)read * SIDE * SIDE; i++)
        if (picture == 0 || (picture == 1 && i % SIDE < 9)) x[i] = -0.4f;  // blank pictures; ink on the right alone
    for (int i = 0; i < images; i++) labels[i] = i % classes;
    engine_iterate(e, x, labels, images, 7, &loss, &correct);
    engine_scores(e, x, read, scores);
    for (int i = 0; i < read * classes; i++) loss += 1e-9 * scores[i];
    free(x), free(labels), free(scores);
    return loss;
}

int main(void) {
    int batch, count;
    if (engine_layer_size() != sizeof(Layer)) return 3;
    while (scanf("%d %d", &batch, &count) == 2) {
        Layer *layers = calloc(count, sizeof(Layer));
        int classes = 0;
        double loss = 0;
        for (int i = 0; i < count; i++) describe(layers + i, &classes);
        Engine *e = engine_new(layers, count, SIDE, SIDE, batch, THREADS);
        if (e && ((uintptr_t)e->scratch | (uintptr_t)e->stages[count - 1].map) % LINE) return 4;
        if (e) engine_smooth_labels(e, 0.1f);
        for (int halves = 0; e && halves < 1 + (engine_knows_halves() && e->first); halves++) {
            if (halves && !engine_use_halves(e)) return 5;
            for (int picture = 0; picture < 3; picture++) {
                loss += train(e, batch, classes, picture) + train(e, (batch + 1) / 2, classes, picture);
                loss += train(e, 1, classes, picture);
            }
        }
        if (e) engine_free(e), printf("%.4f\n", loss);
        else printf("refused\n");
        for (int i = 0; i < count; i++) forget(layers + i);
        free(layers);
    }
    return 0;
}
