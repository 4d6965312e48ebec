// Where a picture is more than background, and where a map can differ from a blank picture's: only that is computed, and
// the rest is copied. Any value may be called background: what comes out is the same, only the time that it takes is not.

// From the first to the last pixel of a row that is not background.
static Span ink_of_row(const float *row, int width, float background) {
    Span ink = {0, width};
    while (ink.begin < width && row[ink.begin] == background) ink.begin++;
    while (ink.end > ink.begin && row[ink.end - 1] == background) ink.end--;
    return ink;
}

static void ink_of_image(const Stage *first, const float *image, float background, Span *rows) {
    for (int y = 0; y < first->in_height; y++)
        rows[y] = ink_of_row(image + y * first->in_width, first->in_width, background);
}

static Span joined(Span a, Span b) {
    if (a.begin == a.end) return b;
    if (b.begin == b.end) return a;
    return (Span){a.begin < b.begin ? a.begin : b.begin, a.end > b.end ? a.end : b.end};
}

// The positions in row y of a layer's map whose windows see ink, or lie between two that do; `rows` is the ink of the
// layer's input.
static Span ink_seen(const Stage *s, const Span *rows, int y) {
    i64 stride = s->layer.stride, lead = s->layer.kernel - 1 - s->layer.padding;
    Span down = span(&s->layer, y, s->in_height), ink = {0, 0};
    for (int row = down.begin; row < down.end; row++) ink = joined(ink, rows[row]);
    if (ink.begin == ink.end) return (Span){0, 0};
    i64 begin = ink.begin > lead ? (ink.begin - lead + stride - 1) / stride : 0;
    i64 end = (ink.end + s->layer.padding + stride - 1) / stride;
    if (end > s->width) end = s->width;
    return begin < end ? (Span){begin, end} : (Span){0, 0};
}

// What a layer needs of its input for the positions `ink` of each row of its map, and for those that share a vector with
// them; all of it where there is no `ink`.
static Box needed(const Stage *s, const Span *ink) {
    i64 stride = s->layer.stride, pad = s->layer.padding;
    Span rows = {0, 0}, columns = {0, 0};
    if (!ink) return (Box){{0, s->in_height}, {0, s->in_width}};
    for (int y = 0; y < s->height; y++) {
        if (ink[y].begin == ink[y].end) continue;
        rows = joined(rows, (Span){y, y + 1}), columns = joined(columns, ink[y]);
    }
    if (rows.begin == rows.end) return (Box){{0, 0}, {0, 0}};
    i64 left = columns.begin / s->abreast * s->abreast, right = vectors_of_row(columns.end, s->abreast) * s->abreast;
    return (Box){
        {clamped(rows.begin * stride - pad, s->in_height), clamped((rows.end - 1) * stride + s->layer.kernel - pad, s->in_height)},
        {clamped(left * stride - pad, s->in_width), clamped((right - 1) * stride + s->layer.kernel - pad, s->in_width)},
    };
}

// Copies what a blank picture's map has beside the positions `ink` of each row.
static void leave_blank(const Stage *s, const Span *ink, float *map) {
    for (i64 y = 0; y < s->height; y++) {
        i64 line = y * s->width * s->pitch, before = ink[y].begin * s->pitch, after = ink[y].end * s->pitch;
        memcpy(map + line, s->blank + line, sizeof(float) * before);
        memcpy(map + line + after, s->blank + line + after, sizeof(float) * (s->width * s->pitch - after));
    }
}
