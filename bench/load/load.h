/* The load generator: one thread, one epoll, many connections. See main.c for what it can do. */
#ifndef LOAD_H
#define LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Connection Connection;
typedef struct Pair Pair;

/* Bytes that grow. */
typedef struct {
    char *data;
    size_t size, room;
} Buffer;

/* How one kind of connection speaks. */
typedef struct {
    const char *name;
    /* Queues what comes first on a connection that was just opened. */
    void (*open)(Connection *);
    /* Takes whole units from what has come, and returns how many bytes that were. */
    size_t (*take)(Connection *, char *data, size_t size);
    /* Queues message `number` to the pair's receiver; NULL where this kind only receives. */
    void (*send)(Connection *, uint32_t number);
    /* Queues a request as it stands in a file of requests; NULL where there are none. */
    void (*ask)(Connection *, const char *request, size_t size);
} Kind;

/* Who connects. */
typedef struct {
    char *id, *name, *token;
} Account;

struct Connection {
    int fd;
    bool is_ready, is_dirty, waits_to_write;
    uint8_t stage; /* of the handshake, as its kind counts */
    const Kind *kind;
    const Account *account;
    Pair *pair; /* NULL for one that is idle */
    uint32_t room; /* the group that it writes to, counted from 1; 0: to its pair's receiver */
    uint32_t mask, handled, pending;
    uint64_t asked_at;
    Buffer in, out;
};

typedef struct {
    uint64_t sent_at;
    uint32_t number;
    bool is_open, is_acked, is_delivered;
} Slot;

/* A sender, and the one it sends to. */
struct Pair {
    Connection *sender, *receiver;
    uint32_t next, outstanding;
    uint32_t slots_mask;
    Slot *slots;
};

/* What a kind tells the one who drives: see main.c. */
void on_ready(Connection *);
void on_acked(Connection *, uint32_t number);
void on_delivered(Connection *, uint32_t number);
void on_answered(Connection *, bool is_good);

/* net.c */
void put(Buffer *, const void *data, size_t size);
void put_text(Buffer *, const char *format, ...) __attribute__((format(printf, 2, 3)));
void flush_later(Connection *);
void flush_all(void);
Connection *open_connection(const Kind *, const Account *);
void close_connection(Connection *);
void wait_for_events(int64_t nanoseconds);
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
uint64_t now_us(void);
extern int port;
/* The room of the connections that are opened now. */
extern uint32_t coming_room;

/* content.c: every message says its number, so that its delivery is found in any protocol. */
#define CONTENT_SIZE 64
const char *content(uint32_t number);
bool find_number(const char *data, size_t size, uint32_t *number);
bool starts_with(const char *data, size_t size, const char *text);
bool find_after(const char *data, size_t size, const char *text, uint32_t *number);

/* The kinds. */
void put_frame(Connection *, const char *payload, size_t size);
size_t take_frames(Connection *, char *data, size_t size, void (*text)(Connection *, const char *, size_t));
/* Returns the size of an answer's head once all of it is there; it must say 101. */
size_t upgraded(const char *data, size_t size);
size_t http_size(const char *data, size_t size, int *status);
extern const Kind chatd_v2, chatd_classic, chatd_rest, socketio, mqtt_sender, mqtt_receiver, xmpp_sender, xmpp_receiver;
extern const char *run_name;
/* Returns the id of whom, or of what, a connection writes to. */
const char *receiver_id(const Connection *);

#endif
