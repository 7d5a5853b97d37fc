/* Connections to 127.0.0.1: opened at once, read when there is something, written once a turn. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "load.h"

#define EVENTS 1024
#define READ_SIZE (256 * 1024)

int port;
uint32_t coming_room;

static int epoll = -1;
static Connection **dirty;
static size_t dirty_count, dirty_room;

_Noreturn void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

uint64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void put(Buffer *buffer, const void *data, size_t size)
{
    if (buffer->size + size > buffer->room) {
        buffer->room = (buffer->size + size) * 2;
        buffer->data = realloc(buffer->data, buffer->room);
        if (!buffer->data)
            fail("out of memory");
    }
    memcpy(buffer->data + buffer->size, data, size);
    buffer->size += size;
}

void put_text(Buffer *buffer, const char *format, ...)
{
    char text[8192];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (size < 0 || (size_t)size >= sizeof text)
        fail("too long: %s", format);
    put(buffer, text, (size_t)size);
}

static void watch(Connection *connection, int operation, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = connection};
    if (epoll_ctl(epoll, operation, connection->fd, &event))
        fail("epoll_ctl: %s", strerror(errno));
}

Connection *open_connection(const Kind *kind, const Account *account)
{
    if (epoll < 0)
        epoll = epoll_create1(0);
    Connection *connection = calloc(1, sizeof *connection);
    connection->kind = kind;
    connection->account = account;
    connection->room = coming_room;
    connection->mask = (uint32_t)random() | 1;
    connection->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connection->fd < 0)
        fail("socket: %s", strerror(errno));
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(connection->fd, (struct sockaddr *)&address, sizeof address))
        fail("cannot connect to port %d: %s", port, strerror(errno));
    int on = 1;
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    watch(connection, EPOLL_CTL_ADD, EPOLLIN);
    kind->open(connection);
    flush_later(connection);
    return connection;
}

void close_connection(Connection *connection)
{
    for (size_t at = 0; at < dirty_count; at++)
        if (dirty[at] == connection)
            dirty[at] = dirty[--dirty_count];
    close(connection->fd);
    free(connection->in.data);
    free(connection->out.data);
    free(connection);
}

void flush_later(Connection *connection)
{
    if (connection->is_dirty || connection->waits_to_write)
        return;
    if (dirty_count == dirty_room) {
        dirty_room = dirty_room ? dirty_room * 2 : 1024;
        dirty = realloc(dirty, dirty_room * sizeof *dirty);
        if (!dirty)
            fail("out of memory");
    }
    connection->is_dirty = true;
    dirty[dirty_count++] = connection;
}

static void flush(Connection *connection)
{
    connection->is_dirty = false;
    Buffer *out = &connection->out;
    if (!out->size)
        return;
    ssize_t sent = send(connection->fd, out->data, out->size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN)
        fail("%s: cannot write: %s", connection->kind->name, strerror(errno));
    if (sent > 0) {
        out->size -= (size_t)sent;
        memmove(out->data, out->data + sent, out->size);
    }
    bool waits = out->size > 0;
    if (waits != connection->waits_to_write)
        watch(connection, EPOLL_CTL_MOD, waits ? EPOLLIN | EPOLLOUT : EPOLLIN);
    connection->waits_to_write = waits;
}

void flush_all(void)
{
    for (size_t at = 0; at < dirty_count; at++)
        flush(dirty[at]);
    dirty_count = 0;
}

static void receive(Connection *connection)
{
    static char *shared;
    if (!shared)
        shared = malloc(READ_SIZE);
    ssize_t got = recv(connection->fd, shared, READ_SIZE, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0)
        fail("%s: the server ended a connection: %s", connection->kind->name, got ? strerror(errno) : "end of file");
    Buffer *in = &connection->in;
    if (!in->size) {
        size_t taken = connection->kind->take(connection, shared, (size_t)got);
        put(in, shared + taken, (size_t)got - taken);
        return;
    }
    put(in, shared, (size_t)got);
    size_t taken = connection->kind->take(connection, in->data, in->size);
    in->size -= taken;
    memmove(in->data, in->data + taken, in->size);
}

void wait_for_events(int64_t nanoseconds)
{
    static struct epoll_event events[EVENTS];
    struct timespec timeout = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
    int count = epoll_pwait2(epoll, events, EVENTS, &timeout, NULL);
    if (count < 0 && errno != EINTR)
        fail("epoll: %s", strerror(errno));
    for (int at = 0; at < count; at++) {
        Connection *connection = events[at].data.ptr;
        if (events[at].events & EPOLLOUT)
            flush(connection);
        if (events[at].events & ~(uint32_t)EPOLLOUT)
            receive(connection);
    }
}
