/* One run: what was asked for, what is known, and what has come of it so far. */
#ifndef RUN_H
#define RUN_H

#include "load.h"
#include "samples.h"

/* After so long without anything, a run has failed. */
#define STALL_US 10000000

typedef struct {
    const char *mode, *kind, *accounts, *requests, *side_requests, *pid, *run;
    double rate, side_rate, warm, seconds;
    long port, other_port, senders, window, idle, at_once, fan, gap_ms, hold, side_connections, rooms, members;
} Options;

typedef struct {
    const char *data;
    size_t size;
} Request;

/* Requests, made in turn. */
typedef struct {
    Request *all;
    size_t count, next;
} Requests;

extern Options options;
extern const Kind *sender_kind, *receiver_kind;
extern Account *accounts;
extern size_t account_count;

/* input.c */
char *read_file(const char *path);
void read_accounts(const char *path);
void read_requests(const char *path, Requests *into);

/* tally.c: what is sent and what has come. It counts only while `counts`. */
extern Pair *pairs;
extern Requests requests;
extern Connection **side_free;
extern size_t side_free_count, side_skipped;
extern bool sends, counts;
extern size_t opening, ready, sent, acked, delivered, done, lost, skipped, counted;
extern uint64_t last_progress;
extern Samples done_us, delivered_us, acked_us, asked_us, side_us;
/* Of the message that is on its way to many: when it was sent, when the next one is due, how many have not got it. */
extern uint64_t fan_sent_at, fan_next_at;
extern size_t fan_left;
extern Samples first_us, last_us;
void message_due(Pair *, uint64_t at);
void pump(Pair *);
void ask(Connection *, Requests *, uint64_t at);

/* rooms.c: messages to groups; copies are the deliveries that counted. */
extern size_t room_count, copies;
void room_acked(Connection *, uint32_t number);
void room_delivered(Connection *, uint32_t number);

/* shares.c: how long it has counted, and which share of a core both sides took. */
extern double took, own_share, server_share;
void begin_counting(void);
void end_counting(void);

/* modes.c */
Connection *open_soon(const Kind *, size_t account);
void until_ready(void);
void keep_on(uint64_t until);
uint64_t after(double seconds);
void count_at_least_one(void);
void drain(void);
void run_pump(void);
void run_rate(void);
void run_fanout(void);
void run_open(void);
void run_ask(void);
void run_room(void);
void hold(void);

#endif
