// Tasks shared among threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace lemf {

// Call body(thread, task) for each task from 0 on, each by the first thread that is free; thread 0
// is the caller. The first exception ends the work and comes out here.
template <class Body>
void in_parallel(std::size_t n_tasks, std::size_t n_threads, const Body& body) {
  std::atomic<std::size_t> next{0};
  std::exception_ptr failure;
  std::mutex mutex;
  const auto work = [&](std::size_t thread) {
    try {
      for (std::size_t task = next++; task < n_tasks; task = next++) body(thread, task);
    } catch (...) {
      const std::lock_guard<std::mutex> lock(mutex);
      failure = std::current_exception();
      next = n_tasks;
    }
  };
  const std::size_t n_useful = std::min(n_threads, n_tasks);
  std::vector<std::thread> others;
  others.reserve(n_useful);
  try {
    for (std::size_t thread = 1; thread < n_useful; ++thread) others.emplace_back(work, thread);
  } catch (const std::system_error&) {
    // the system gives no more threads: those that run do it all
  }
  work(0);
  for (std::thread& other : others) other.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace lemf
