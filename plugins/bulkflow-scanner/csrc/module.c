/* The Python module: `Scanner`, and two functions that do not validate.
 *
 * It uses only the stable ABI of Python 3.11, so one wheel works with 3.11 and all later versions. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

#include "scan.h"

/* The version of the interface. Increase it with every change of functions, arguments or results. */
#define PROTOCOL 2

typedef struct {
    PyObject_HEAD
    struct scan scan;
    const struct kernel *kernel;
    size_t capacity; /* in words, of the sets in `scan` */
    bool busy;       /* a thread is reading without holding the GIL */
} Scanner;

/* Return the kernel of that name, or the fastest one for NULL; raise ValueError if this CPU does not
 * support it. */
static const struct kernel *find_kernel(const char *name)
{
    for (const struct kernel *kernel = kernels; kernel->name; kernel++)
        if (kernel->present() && (!name || strcmp(name, kernel->name) == 0))
            return kernel;
    PyErr_Format(PyExc_ValueError, "this CPU does not support the kernel %s", name);
    return NULL;
}

/* Check that the buffer has `size` bytes; raise ValueError if not. */
static bool check_size(const Py_buffer *buffer, Py_ssize_t size)
{
    if (size >= 0 && size <= buffer->len)
        return true;
    PyErr_Format(PyExc_ValueError, "the buffer has %zd bytes, not %zd", buffer->len, size);
    return false;
}

/* Grow the sets for a block if necessary; raise MemoryError on failure. */
static bool reserve(Scanner *self, size_t words)
{
    if (words <= self->capacity)
        return true;
    uint64_t *ends = PyMem_Realloc(self->scan.ends, words * sizeof *ends);
    if (ends)
        self->scan.ends = ends;
    uint64_t *closing = ends ? PyMem_Realloc(self->scan.closing, words * sizeof *closing) : NULL;
    if (!closing) {
        PyErr_NoMemory();
        return false;
    }
    self->scan.closing = closing;
    self->capacity = words;
    return true;
}

static int scanner_init(Scanner *self, PyObject *args, PyObject *named)
{
    static char *names[] = {"delimiter",   "crlf",         "columns", "start",
                            "field_limit", "record_limit", "kernel",     NULL};
    int delimiter, crlf;
    long long columns, start, field_limit, record_limit;
    const char *kernel = NULL;
    if (!PyArg_ParseTupleAndKeywords(args, named, "CpLLLL|z:Scanner", names, &delimiter, &crlf,
                                     &columns, &start, &field_limit, &record_limit, &kernel))
        return -1;
    if (delimiter < 1 || delimiter > 0x7F || strchr("\"\r\n", delimiter)) {
        PyErr_SetString(PyExc_ValueError, "the delimiter must be one ASCII character");
        return -1;
    }
    if (columns < 1 || start < 0 || field_limit < 1 || record_limit < 1) {
        PyErr_SetString(PyExc_ValueError,
                        "columns and limits must be positive, start must not be negative");
        return -1;
    }
    if (self->busy || self->kernel) {
        PyErr_SetString(PyExc_RuntimeError, "the scanner is already initialized");
        return -1;
    }
    self->kernel = find_kernel(kernel);
    if (!self->kernel)
        return -1;
    self->scan.delimiter = (uint8_t)delimiter;
    self->scan.crlf = crlf;
    self->scan.delimiters = columns - 1;
    self->scan.field_limit = field_limit;
    self->scan.record_limit = record_limit;
    self->scan.offset = self->scan.last_end = self->scan.floor = start;
    self->scan.last_separator = start - 1;
    self->scan.last = -1;
    return 0;
}

static void scanner_dealloc(Scanner *self)
{
    PyTypeObject *type = Py_TYPE((PyObject *)self);
    PyMem_Free(self->scan.ends);
    PyMem_Free(self->scan.closing);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(self);
    Py_DECREF(type);
}

static PyObject *scanner_read(Scanner *self, PyObject *args)
{
    Py_buffer buffer;
    Py_ssize_t size;
    if (!PyArg_ParseTuple(args, "y*n:read", &buffer, &size))
        return NULL;
    bool able = check_size(&buffer, size);
    if (able && (self->busy || !self->kernel)) {
        PyErr_SetString(PyExc_RuntimeError, "a scanner reads one block at a time");
        able = false;
    }
    able = able && reserve(self, (size_t)size / WORD + 1);
    if (able && size == 0) {
        self->scan.records = self->scan.feeds = 0;
        self->scan.last = -1;
        self->scan.suspect = false;
        self->scan.words = 0;
    } else if (able) {
        self->busy = true;
        Py_BEGIN_ALLOW_THREADS
        self->kernel->read(&self->scan, buffer.buf, (size_t)size);
        Py_END_ALLOW_THREADS
        self->busy = false;
    }
    PyBuffer_Release(&buffer);
    if (!able)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *scanner_list_record_ends(Scanner *self, PyObject *Py_UNUSED(ignored))
{
    if (self->busy) {
        PyErr_SetString(PyExc_RuntimeError, "a scanner reads one block at a time");
        return NULL;
    }
    const Py_ssize_t size = (Py_ssize_t)(self->scan.records * (int64_t)sizeof(long long));
    PyObject *bytes = PyBytes_FromStringAndSize(NULL, size);
    if (!bytes)
        return NULL;
    char *at = PyBytes_AsString(bytes);
    for (size_t index = 0; index < self->scan.words; index++)
        for (uint64_t ends = self->scan.ends[index]; ends; ends &= ends - 1) {
            const long long position = (long long)(WORD * index) + lowest_bit(ends);
            memcpy(at, &position, sizeof position);
            at += sizeof position;
        }
    PyObject *view = PyMemoryView_FromObject(bytes);
    Py_DECREF(bytes);
    PyObject *positions = view ? PyObject_CallMethod(view, "cast", "s", "q") : NULL;
    Py_XDECREF(view);
    return positions;
}

static PyObject *module_find_ends(PyObject *Py_UNUSED(module), PyObject *args)
{
    Py_buffer buffer;
    Py_ssize_t size;
    int quoted;
    const char *name = NULL;
    if (!PyArg_ParseTuple(args, "y*np|z:find_ends", &buffer, &size, &quoted, &name))
        return NULL;
    const struct kernel *kernel = check_size(&buffer, size) ? find_kernel(name) : NULL;
    uint64_t inside = quoted ? UINT64_MAX : 0;
    struct found_ends found = {0, -1};
    if (kernel) {
        Py_BEGIN_ALLOW_THREADS
        found = kernel->find_ends(buffer.buf, (size_t)size, &inside);
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&buffer);
    if (!kernel)
        return NULL;
    return Py_BuildValue("LLN", (long long)found.records, (long long)found.last,
                         PyBool_FromLong(inside != 0));
}

static PyObject *module_count_byte(PyObject *Py_UNUSED(module), PyObject *args)
{
    Py_buffer buffer;
    unsigned char byte;
    const char *name = NULL;
    if (!PyArg_ParseTuple(args, "y*b|z:count_byte", &buffer, &byte, &name))
        return NULL;
    const struct kernel *kernel = find_kernel(name);
    int64_t found = 0;
    if (kernel) {
        Py_BEGIN_ALLOW_THREADS
        found = kernel->count_byte(buffer.buf, (size_t)buffer.len, byte);
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&buffer);
    return kernel ? PyLong_FromLongLong(found) : NULL;
}

#define FOUND(name, type, text) \
    {#name, type, offsetof(Scanner, scan) + offsetof(struct scan, name), READONLY, text}

static PyMemberDef scanner_members[] = {
    FOUND(records, T_LONGLONG, "Number of records that end in the block."),
    FOUND(feeds, T_LONGLONG, "Number of line feeds in the block."),
    FOUND(last, T_LONGLONG, "Position of the last record end, -1 if there is none."),
    FOUND(suspect, T_BOOL, "Whether there may be an error in the block."),
    {NULL, 0, 0, 0, NULL},
};

static PyMethodDef scanner_methods[] = {
    {"read", (PyCFunction)scanner_read, METH_VARARGS,
     "Read the first `size` bytes of a buffer as the next block."},
    {"list_record_ends", (PyCFunction)scanner_list_record_ends, METH_NOARGS,
     "List the positions of the record ends in the block, in ascending order."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot scanner_slots[] = {
    {Py_tp_doc, "Reads and validates CSV block by block."},
    {Py_tp_init, scanner_init},
    {Py_tp_dealloc, scanner_dealloc},
    {Py_tp_members, scanner_members},
    {Py_tp_methods, scanner_methods},
    {0, NULL},
};

static PyType_Spec scanner_spec = {
    "bulkflow_scanner.Scanner", sizeof(Scanner), 0, Py_TPFLAGS_DEFAULT, scanner_slots,
};

/* List the names of the kernels that this CPU supports, the fastest first. */
static PyObject *list_kernels(void)
{
    PyObject *names = PyList_New(0), *found = NULL;
    for (const struct kernel *kernel = kernels; names && kernel->name; kernel++) {
        if (!kernel->present())
            continue;
        PyObject *name = PyUnicode_FromString(kernel->name);
        if (!name || PyList_Append(names, name) < 0)
            Py_CLEAR(names);
        Py_XDECREF(name);
    }
    if (names)
        found = PyList_AsTuple(names);
    Py_XDECREF(names);
    return found;
}

static int module_fill(PyObject *module)
{
    PyObject *type = PyType_FromModuleAndSpec(module, &scanner_spec, NULL);
    PyObject *names = list_kernels();
    int done = type && names ? 0 : -1;
    done = done ? done : PyModule_AddObjectRef(module, "Scanner", type);
    done = done ? done : PyModule_AddObjectRef(module, "KERNELS", names);
    done = done ? done : PyModule_AddIntConstant(module, "PROTOCOL", PROTOCOL);
    Py_XDECREF(type);
    Py_XDECREF(names);
    return done;
}

static PyMethodDef module_methods[] = {
    {"find_ends", module_find_ends, METH_VARARGS, "Find the record ends of a block without validating."},
    {"count_byte", module_count_byte, METH_VARARGS, "Count the occurrences of a byte."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot module_slots[] = {{Py_mod_exec, module_fill}, {0, NULL}};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT, "_scanner", "Reads blocks of CSV.", 0, module_methods, module_slots,
    NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__scanner(void)
{
    return PyModuleDef_Init(&module_definition);
}
