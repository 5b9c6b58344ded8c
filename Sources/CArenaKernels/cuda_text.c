// The text of the CUDA kernels, which the card's machine compiles for its card.

#include "arena_kernels.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const char prelude[] = {
#embed "../../Resources/Kernels/prelude.cu"
    , 0};
static const char rows[] = {
#embed "../../Resources/Kernels/rows.cu"
    , 0};
static const char halves[] = {
#embed "../../Resources/Kernels/halves.cu"
    , 0};
static const char codes[] = {
#embed "../../Resources/Kernels/codes.cu"
    , 0};
static const char product[] = {
#embed "../../Resources/Kernels/product.cu"
    , 0};
static const char attention[] = {
#embed "../../Resources/Kernels/attention.cu"
    , 0};

static const arena_text_t texts[] = {
    {"prelude.cu", prelude}, {"rows.cu", rows}, {"halves.cu", halves}, {"codes.cu", codes},
    {"product.cu", product}, {"attention.cu", attention}, {0, 0},
};

const arena_text_t *arena_cuda_texts(void) { return texts; }
