#include "kernels.hpp"

#include <cstring>

namespace lemf {

extern const Kernels kBaseKernels;
#if defined(__x86_64__) && defined(__GNUC__)
extern const Kernels kAvx2Kernels, kAvx512Kernels;
#endif

std::vector<const Kernels*> available_kernels() {
  std::vector<const Kernels*> available{&kBaseKernels};
#if defined(__x86_64__) && defined(__GNUC__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
      __builtin_cpu_supports("popcnt")) {
    available.push_back(&kAvx2Kernels);
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
      available.push_back(&kAvx512Kernels);
  }
#endif
  return available;
}

const Kernels* find_kernels(const char* instruction_set) {
  static const std::vector<const Kernels*> available = available_kernels();
  if (instruction_set == nullptr) return available.back();
  for (const Kernels* kernels : available)
    if (std::strcmp(kernels->instruction_set, instruction_set) == 0) return kernels;
  return nullptr;
}

}  // namespace lemf
