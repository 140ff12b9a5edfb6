/* The Python side: `Scanner`, and two functions for those who check nothing.
 *
 * Only the stable ABI of Python 3.11 is used, so one wheel serves it and all later versions. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

#include "scan.h"

/* Raised whenever what `read` answers, or how it is called, changes. */
#define PROTOCOL 1

typedef struct {
    PyObject_HEAD
    struct scan scan;
    const struct way *way;
    size_t capacity; /* words that there is room for */
    bool busy;       /* a thread reads without the lock of the interpreter */
} Scanner;

/* The way of that name, the best one for NULL; NULL with an exception if this processor lacks it. */
static const struct way *way_named(const char *name)
{
    for (const struct way *way = ways; way->name; way++)
        if (way->present() && (!name || strcmp(name, way->name) == 0))
            return way;
    PyErr_Format(PyExc_ValueError, "this processor cannot read in the way %s", name);
    return NULL;
}

/* Whether the first `size` bytes are there; raises ValueError if not. */
static bool holds(const Py_buffer *buffer, Py_ssize_t size)
{
    if (size >= 0 && size <= buffer->len)
        return true;
    PyErr_Format(PyExc_ValueError, "the buffer has %zd bytes, not %zd", buffer->len, size);
    return false;
}

/* Make room for the sets of a block; raises MemoryError if there is none. */
static bool make_room(Scanner *self, size_t words)
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
                            "field_limit", "record_limit", "way",     NULL};
    int delimiter, crlf;
    long long columns, start, field_limit, record_limit;
    const char *way = NULL;
    if (!PyArg_ParseTupleAndKeywords(args, named, "CpLLLL|z:Scanner", names, &delimiter, &crlf,
                                     &columns, &start, &field_limit, &record_limit, &way))
        return -1;
    if (delimiter < 1 || delimiter > 0x7F || strchr("\"\r\n", delimiter)) {
        PyErr_SetString(PyExc_ValueError, "a delimiter is one character of ASCII");
        return -1;
    }
    if (columns < 1 || start < 0 || field_limit < 1 || record_limit < 1) {
        PyErr_SetString(PyExc_ValueError, "columns and limits are positive, start is not negative");
        return -1;
    }
    if (self->busy || self->way) {
        PyErr_SetString(PyExc_RuntimeError, "a scanner is made once");
        return -1;
    }
    self->way = way_named(way);
    if (!self->way)
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
    bool able = holds(&buffer, size);
    if (able && (self->busy || !self->way)) {
        PyErr_SetString(PyExc_RuntimeError, "a scanner reads one block at a time");
        able = false;
    }
    able = able && make_room(self, (size_t)size / WORD + 1);
    if (able && size == 0) {
        self->scan.records = self->scan.feeds = 0;
        self->scan.last = -1;
        self->scan.suspect = false;
        self->scan.words = 0;
    } else if (able) {
        self->busy = true;
        Py_BEGIN_ALLOW_THREADS
        self->way->read(&self->scan, buffer.buf, (size_t)size);
        Py_END_ALLOW_THREADS
        self->busy = false;
    }
    PyBuffer_Release(&buffer);
    if (!able)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *scanner_places(Scanner *self, PyObject *Py_UNUSED(ignored))
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
            const long long place = (long long)(WORD * index) + lowest_bit(ends);
            memcpy(at, &place, sizeof place);
            at += sizeof place;
        }
    PyObject *view = PyMemoryView_FromObject(bytes);
    Py_DECREF(bytes);
    PyObject *places = view ? PyObject_CallMethod(view, "cast", "s", "q") : NULL;
    Py_XDECREF(view);
    return places;
}

static PyObject *module_ends(PyObject *Py_UNUSED(module), PyObject *args)
{
    Py_buffer buffer;
    Py_ssize_t size;
    int quoted;
    const char *name = NULL;
    if (!PyArg_ParseTuple(args, "y*np|z:ends", &buffer, &size, &quoted, &name))
        return NULL;
    const struct way *way = holds(&buffer, size) ? way_named(name) : NULL;
    uint64_t inside = quoted ? UINT64_MAX : 0;
    struct found_ends found = {0, -1};
    if (way) {
        Py_BEGIN_ALLOW_THREADS
        found = way->ends(buffer.buf, (size_t)size, &inside);
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&buffer);
    if (!way)
        return NULL;
    return Py_BuildValue("LLN", (long long)found.records, (long long)found.last,
                         PyBool_FromLong(inside != 0));
}

static PyObject *module_count(PyObject *Py_UNUSED(module), PyObject *args)
{
    Py_buffer buffer;
    unsigned char byte;
    const char *name = NULL;
    if (!PyArg_ParseTuple(args, "y*b|z:count", &buffer, &byte, &name))
        return NULL;
    const struct way *way = way_named(name);
    int64_t found = 0;
    if (way) {
        Py_BEGIN_ALLOW_THREADS
        found = way->count(buffer.buf, (size_t)buffer.len, byte);
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&buffer);
    return way ? PyLong_FromLongLong(found) : NULL;
}

#define FOUND(name, type, text) \
    {#name, type, offsetof(Scanner, scan) + offsetof(struct scan, name), READONLY, text}

static PyMemberDef scanner_members[] = {
    FOUND(records, T_LONGLONG, "How many records end in the block."),
    FOUND(feeds, T_LONGLONG, "How many line feeds it has."),
    FOUND(last, T_LONGLONG, "The position of the last record end, -1 if there is none."),
    FOUND(suspect, T_BOOL, "Whether there may be a fault."),
    {NULL, 0, 0, 0, NULL},
};

static PyMethodDef scanner_methods[] = {
    {"read", (PyCFunction)scanner_read, METH_VARARGS,
     "Read the first so many bytes of a buffer as the next block."},
    {"places", (PyCFunction)scanner_places, METH_NOARGS,
     "The positions of the record ends in the block, ascending."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot scanner_slots[] = {
    {Py_tp_doc, "Reads one block of CSV after the other."},
    {Py_tp_init, scanner_init},
    {Py_tp_dealloc, scanner_dealloc},
    {Py_tp_members, scanner_members},
    {Py_tp_methods, scanner_methods},
    {0, NULL},
};

static PyType_Spec scanner_spec = {
    "bulkflow_scanner.Scanner", sizeof(Scanner), 0, Py_TPFLAGS_DEFAULT, scanner_slots,
};

/* The names of the ways that this processor has, the fastest first. */
static PyObject *present_ways(void)
{
    PyObject *names = PyList_New(0), *found = NULL;
    for (const struct way *way = ways; names && way->name; way++) {
        if (!way->present())
            continue;
        PyObject *name = PyUnicode_FromString(way->name);
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
    PyObject *names = present_ways();
    int done = type && names ? 0 : -1;
    done = done ? done : PyModule_AddObjectRef(module, "Scanner", type);
    done = done ? done : PyModule_AddObjectRef(module, "WAYS", names);
    done = done ? done : PyModule_AddIntConstant(module, "PROTOCOL", PROTOCOL);
    Py_XDECREF(type);
    Py_XDECREF(names);
    return done;
}

static PyMethodDef module_methods[] = {
    {"ends", module_ends, METH_VARARGS, "Find the record ends of a block, and check nothing."},
    {"count", module_count, METH_VARARGS, "Count a byte."},
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
