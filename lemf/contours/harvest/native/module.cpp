// The Python module lemf._harvest, in the stable ABI of Python 3.11.
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <cstring>
#include <exception>
#include <new>
#include <vector>

#include "harvest.hpp"

namespace {

// harvest(samples, rate_hz, floor_hz, ceiling_hz, threads, instruction_set=None) -> bytearray of
// float64, one per ms. `samples` is a contiguous buffer of float64; the caller has checked the
// arguments.
PyObject* harvest(PyObject*, PyObject* arguments) {
  PyObject* object = nullptr;
  int rate_hz = 0, n_threads = 1;
  double floor_hz = 0.0, ceiling_hz = 0.0;
  const char* instruction_set = nullptr;
  if (!PyArg_ParseTuple(arguments, "Oiddi|z", &object, &rate_hz, &floor_hz, &ceiling_hz, &n_threads,
                        &instruction_set))
    return nullptr;
  const lemf::Kernels* kernels = lemf::find_kernels(instruction_set);
  if (kernels == nullptr) {
    PyErr_Format(PyExc_ValueError, "this processor has no %s", instruction_set);
    return nullptr;
  }
  Py_buffer view;
  if (PyObject_GetBuffer(object, &view, PyBUF_ND | PyBUF_FORMAT | PyBUF_C_CONTIGUOUS) != 0)
    return nullptr;
  const bool is_float64 = view.ndim == 1 && view.itemsize == sizeof(double) &&
                          view.format != nullptr && std::strcmp(view.format, "d") == 0;
  if (!is_float64 || view.len == 0) {
    PyBuffer_Release(&view);
    PyErr_SetString(PyExc_ValueError, "samples must be one-dimensional float64, at least one");
    return nullptr;
  }
  std::vector<double> f0_hz;
  bool out_of_memory = false;
  Py_BEGIN_ALLOW_THREADS;
  try {
    f0_hz = lemf::harvest(static_cast<const double*>(view.buf),
                          static_cast<std::size_t>(view.len) / sizeof(double), rate_hz,
                          {floor_hz, ceiling_hz}, static_cast<std::size_t>(n_threads), *kernels);
  } catch (const std::exception&) {
    out_of_memory = true;
  }
  Py_END_ALLOW_THREADS;
  PyBuffer_Release(&view);
  if (out_of_memory) return PyErr_NoMemory();
  return PyByteArray_FromStringAndSize(reinterpret_cast<const char*>(f0_hz.data()),
                                       static_cast<Py_ssize_t>(f0_hz.size() * sizeof(double)));
}

// instruction_sets() -> list of str: those that this processor has, the fastest last.
PyObject* instruction_sets(PyObject*, PyObject*) {
  PyObject* names = PyList_New(0);
  if (names == nullptr) return nullptr;
  for (const lemf::Kernels* kernels : lemf::available_kernels()) {
    PyObject* name = PyUnicode_FromString(kernels->instruction_set);
    const bool added = name != nullptr && PyList_Append(names, name) == 0;
    Py_XDECREF(name);
    if (!added) {
      Py_DECREF(names);
      return nullptr;
    }
  }
  return names;
}

PyMethodDef methods[] = {
    {"harvest", harvest, METH_VARARGS, "F0 in Hz every millisecond."},
    {"instruction_sets", instruction_sets, METH_NOARGS, "Those that this processor has."},
    {nullptr, nullptr, 0, nullptr}};

PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_harvest", nullptr, 0, methods, nullptr, nullptr, nullptr, nullptr};

}  // namespace

PyMODINIT_FUNC PyInit__harvest() { return PyModule_Create(&definition); }
