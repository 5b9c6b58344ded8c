// Which loops this processor can run.

#ifndef CARENAFRAME_DISPATCH_H
#define CARENAFRAME_DISPATCH_H

/// Whether AVX2 and carry-less multiplication are there and wanted.
int arena_frame_avx2(void);

#endif
