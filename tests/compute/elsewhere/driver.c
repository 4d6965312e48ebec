// Reads steps of networks from the file `cases`, has the engine do them on the machine it runs on, and writes `answers`:
// for each case the loss, the right answers, all parameters, gradients and statistics, and the scores after the step.
// On Windows the engine is a library that is loaded as Python loads it; elsewhere it is compiled in.

#ifdef _WIN32
#include "stage.h"
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#else
#include "engine.c"
#endif
#include <stdio.h>

typedef struct {
    int32_t layers, images, threads;
    uint32_t seed;
    int64_t floats;
} Head;

typedef struct {  // `Layer` with places in the case's floats, -1 for none, instead of pointers
    int32_t numbers[7];
    float dropout;
    int64_t places[10];
} Described;

static Engine *(*make)(const Layer *, int, int, int, int, int);
static void (*use_threads)(Engine *, int), (*end)(Engine *);
static void (*iterate)(Engine *, const float *, const int64_t *, int, uint32_t, double *, int64_t *);
static void (*get_scores)(Engine *, const float *, int, float *);

static int find_engine(void) {
#ifdef _WIN32
    HMODULE library = LoadLibraryA("engine.dll");
    if (!library) return 0;
    make = (void *)GetProcAddress(library, "engine_new"), end = (void *)GetProcAddress(library, "engine_free");
    use_threads = (void *)GetProcAddress(library, "engine_use_threads");
    iterate = (void *)GetProcAddress(library, "engine_iterate");
    get_scores = (void *)GetProcAddress(library, "engine_scores");
#else
    make = engine_new, end = engine_free, use_threads = engine_use_threads;
    iterate = engine_iterate, get_scores = engine_scores;
#endif
    return make && end && use_threads && iterate && get_scores;
}

static void *read_new(FILE *file, size_t size, size_t count) {
    void *data = malloc(size * count);
    if (!data || fread(data, size, count, file) != count) exit(3);
    return data;
}

static Layer layer(const Described *from, float *floats) {
    Layer layer;
    memcpy(&layer, from->numbers, sizeof(from->numbers));
    layer.dropout = from->dropout;
    float *pointers[10];
    for (int i = 0; i < 10; i++) pointers[i] = from->places[i] < 0 ? 0 : floats + from->places[i];
    memcpy(&layer.weight, pointers, sizeof(pointers));
    return layer;
}

static void answer(FILE *cases, FILE *answers, const Head *head) {
    Described *described = read_new(cases, sizeof(Described), head->layers);
    float *floats = read_new(cases, 4, head->floats), *pictures = read_new(cases, 4, head->images * 784);
    int64_t *labels = read_new(cases, 8, head->images), correct = 0;
    float *scores = calloc(head->images, 40);
    Layer *layers = calloc(head->layers, sizeof(Layer));
    double loss = 0;
    for (int i = 0; i < head->layers; i++) layers[i] = layer(described + i, floats);
    Engine *engine = make(layers, head->layers, 28, 28, head->images, head->threads);
    if (!engine) exit(4);
    use_threads(engine, head->threads);
    iterate(engine, pictures, labels, head->images, head->seed, &loss, &correct);
    get_scores(engine, pictures, head->images, scores);
    end(engine);
    fwrite(&loss, 8, 1, answers), fwrite(&correct, 8, 1, answers);
    fwrite(floats, 4, head->floats, answers), fwrite(scores, 40, head->images, answers);
    free(described), free(floats), free(pictures), free(labels), free(scores), free(layers);
}

static int run(void) {
    FILE *cases = fopen("cases", "rb"), *answers = fopen("answers", "wb");
    Head head;
    if (!cases || !answers || !find_engine()) return 2;
    while (fread(&head, sizeof(head), 1, cases) == 1) answer(cases, answers, &head);
    return fclose(answers) ? 5 : 0;
}

#ifdef _WIN32  // as in threads.h: without the C runtime's start-up code
int _fltused;
void wWinMainCRTStartup(void) { ExitProcess(run()); }
#else
int main(void) { return run(); }
#endif
