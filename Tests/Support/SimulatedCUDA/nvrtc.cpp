// libnvrtc.so.12 as far as the engine calls it. It compiles nothing: it sees that a program is made of the texts
// that the simulated card was built from, and writes which instruction set was asked for.
//
// These variables of the environment are read at each call:
//     ARENA_SIMULATED_NVRTC       the version; 12.4 if not set
//     ARENA_SIMULATED_NO_COMPILE  1 to find every program wrong

#include "../../../Sources/CCUDA/include/ccuda.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT extern "C" __attribute__((visibility("default"))) cuda_result

enum { OUT_OF_MEMORY = 1, INVALID_INPUT = 3, INVALID_PROGRAM = 4, INVALID_OPTION = 5, COMPILATION = 6 };

// The kernels' files one after another, each ended by a null, the last by two.
extern "C" __attribute__((visibility("hidden"))) const char kernel_texts[];
asm(".section .rodata\n"
    ".globl kernel_texts\n"
    "kernel_texts:\n"
#include "kernel_texts.inc"
    ".byte 0\n"
    ".text\n");

struct nvrtc_program_s {
    char *text;
    const char *log;
    // Empty until the program is compiled; no cubin of an architecture that is virtual.
    char cubin[16], ptx[16];
    size_t cubin_bytes, ptx_bytes;
};

static const int architecture_list[] = {75, 80, 86, 89, 90};
enum { ARCHITECTURES = sizeof architecture_list / sizeof *architecture_list };

EXPORT nvrtcVersion(int *major, int *minor) {
    const char *version = getenv("ARENA_SIMULATED_NVRTC");
    if (version && sscanf(version, "%d.%d", major, minor) == 2) return CUDA_SUCCESS;
    *major = 12;
    *minor = 4;
    return CUDA_SUCCESS;
}

EXPORT nvrtcGetNumSupportedArchs(int *count) {
    *count = ARCHITECTURES;
    return CUDA_SUCCESS;
}

EXPORT nvrtcGetSupportedArchs(int *list) {
    memcpy(list, architecture_list, sizeof architecture_list);
    return CUDA_SUCCESS;
}

EXPORT nvrtcCreateProgram(
    nvrtc_program *program, const char *text, const char *, int headers, const char *const *,
    const char *const *) {
    if (!program || !text || headers != 0) return INVALID_INPUT;
    nvrtc_program made = (nvrtc_program)calloc(1, sizeof(nvrtc_program_s));
    if (!made) return OUT_OF_MEMORY;
    made->text = strdup(text);
    if (!made->text) {
        free(made);
        return OUT_OF_MEMORY;
    }
    made->log = "";
    *program = made;
    return CUDA_SUCCESS;
}

EXPORT nvrtcDestroyProgram(nvrtc_program *program) {
    if (!program || !*program) return INVALID_PROGRAM;
    free((*program)->text);
    free(*program);
    *program = 0;
    return CUDA_SUCCESS;
}

// Lines that say where a text is from may stand between the files, not within one.
static bool is_made_of_kernels(const char *program) {
    for (const char *text = kernel_texts; *text; text += strlen(text) + 1)
        if (!strstr(program, text)) return false;
    return true;
}

// Of -arch=sm_80 or -arch=compute_80; 0 if there is none that is supported.
static int architecture(int count, const char *const *options, bool *is_virtual) {
    int found = 0, number;
    for (int i = 0; i < count; i++) {
        bool is_short = strncmp(options[i], "-arch=", 6) == 0;
        if (!is_short && strncmp(options[i], "--gpu-architecture=", 19) != 0) continue;
        const char *value = strchr(options[i], '=');
        *is_virtual = sscanf(value, "=compute_%d", &number) == 1;
        if (!*is_virtual && sscanf(value, "=sm_%d", &number) != 1) return 0;
        found = 0;
        for (int known : architecture_list)
            if (known == number) found = number;
    }
    return found;
}

EXPORT nvrtcCompileProgram(nvrtc_program program, int count, const char *const *options) {
    if (!program) return INVALID_PROGRAM;
    const char *fails = getenv("ARENA_SIMULATED_NO_COMPILE");
    if (fails && strcmp(fails, "1") == 0) {
        program->log = "simulated failure";
        return COMPILATION;
    }
    bool is_virtual = false;
    int built = architecture(count, options, &is_virtual);
    if (built == 0) {
        program->log = "no -arch= that is known";
        return INVALID_OPTION;
    }
    if (!is_made_of_kernels(program->text)) {
        program->log = "the kernels' text is not the one that was simulated";
        return COMPILATION;
    }
    program->log = "";
    program->ptx_bytes = (size_t)snprintf(program->ptx, sizeof program->ptx, "SIMPTX%d", built) + 1;
    if (is_virtual) return CUDA_SUCCESS;
    program->cubin_bytes = (size_t)snprintf(program->cubin, sizeof program->cubin, "SIMCUBIN%d", built) + 1;
    return CUDA_SUCCESS;
}

EXPORT nvrtcGetProgramLogSize(nvrtc_program program, size_t *bytes) {
    if (!program) return INVALID_PROGRAM;
    *bytes = strlen(program->log) + 1;
    return CUDA_SUCCESS;
}

EXPORT nvrtcGetProgramLog(nvrtc_program program, char *text) {
    if (!program) return INVALID_PROGRAM;
    strcpy(text, program->log);
    return CUDA_SUCCESS;
}

EXPORT nvrtcGetCUBINSize(nvrtc_program program, size_t *bytes) {
    if (!program) return INVALID_PROGRAM;
    *bytes = program->cubin_bytes;
    return CUDA_SUCCESS;
}

EXPORT nvrtcGetCUBIN(nvrtc_program program, char *image) {
    if (!program) return INVALID_PROGRAM;
    memcpy(image, program->cubin, program->cubin_bytes);
    return CUDA_SUCCESS;
}

EXPORT nvrtcGetPTXSize(nvrtc_program program, size_t *bytes) {
    if (!program) return INVALID_PROGRAM;
    *bytes = program->ptx_bytes;
    return CUDA_SUCCESS;
}

EXPORT nvrtcGetPTX(nvrtc_program program, char *image) {
    if (!program) return INVALID_PROGRAM;
    memcpy(image, program->ptx, program->ptx_bytes);
    return CUDA_SUCCESS;
}

// The functions are those that the engine's header names, with its types.
__attribute__((unused)) static const nvrtc_library functions = {
    nvrtcVersion, nvrtcGetNumSupportedArchs, nvrtcGetSupportedArchs, nvrtcCreateProgram, nvrtcDestroyProgram,
    nvrtcCompileProgram, nvrtcGetProgramLogSize, nvrtcGetProgramLog, nvrtcGetCUBINSize, nvrtcGetCUBIN,
    nvrtcGetPTXSize, nvrtcGetPTX};
