// The header is all there is.
#include "ccuda.h"
