/* The modes: see main.c. */
#define _GNU_SOURCE
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run.h"

#define SIDE_MAX 256

static Requests side_requests;

/* Lets everything go on, for so long at the most. */
static void turn(int64_t us)
{
    flush_all();
    wait_for_events(us > 0 ? us * 1000 : 0);
    flush_all();
    if ((opening || done < sent || fan_left || (sends && requests.count)) && now_us() - last_progress > STALL_US)
        fail("nothing has come for %d s: %zu opening, %zu sent, %zu acknowledged, %zu delivered", STALL_US / 1000000,
             opening, sent, acked, delivered);
}

Connection *open_soon(const Kind *kind, size_t account)
{
    while (opening >= (size_t)options.at_once)
        turn(100000);
    if (account >= account_count)
        fail("there are only %zu accounts", account_count);
    opening++;
    last_progress = now_us();
    return open_connection(kind, &accounts[account]);
}

void until_ready(void)
{
    while (opening)
        turn(100000);
}

static void open_idle(size_t first_account)
{
    if (options.idle && account_count <= first_account)
        fail("there are no accounts for idle connections");
    for (long at = 0; at < options.idle; at++)
        open_soon(receiver_kind, first_account + (size_t)at % (account_count - first_account));
    until_ready();
}

static void open_pairs(void)
{
    uint32_t slots = 64;
    while (slots < (uint32_t)options.window)
        slots *= 2;
    pairs = calloc((size_t)options.senders, sizeof *pairs);
    for (size_t at = 0; at < (size_t)options.senders; at++) {
        Pair *pair = &pairs[at];
        pair->slots = calloc(slots, sizeof *pair->slots);
        pair->slots_mask = slots - 1;
        pair->next = 1;
        port = (int)(at % 2 ? options.port : options.other_port);
        pair->receiver = open_soon(receiver_kind, at * 2 + 1);
        port = (int)(at % 2 ? options.other_port : options.port);
        pair->sender = open_soon(sender_kind, at * 2);
        pair->receiver->pair = pair->sender->pair = pair;
    }
    port = (int)options.port;
    until_ready();
}

void drain(void)
{
    uint64_t until = now_us() + 5000000;
    while (done < sent && now_us() < until)
        turn(100000);
    lost = sent - done;
}

/* Counts until one thing was counted, however slow the machine is. */
void count_at_least_one(void)
{
    if (!counts)
        begin_counting();
    while (!counted && (done < sent || requests.count))
        turn(100000);
    end_counting();
}

void keep_on(uint64_t until)
{
    for (uint64_t now; (now = now_us()) < until;)
        turn((int64_t)(until - now));
}

uint64_t after(double seconds)
{
    return now_us() + (uint64_t)(seconds * 1e6);
}

void run_pump(void)
{
    open_pairs();
    open_idle((size_t)options.senders * 2);
    sends = true;
    for (long at = 0; at < options.senders; at++)
        pump(&pairs[at]);
    keep_on(after(options.warm));
    begin_counting();
    keep_on(after(options.seconds));
    count_at_least_one();
    drain();
}

static void open_side(void)
{
    if (!options.side_rate)
        return;
    if (options.side_connections > SIDE_MAX)
        fail("at most %d side_connections", SIDE_MAX);
    read_requests(options.side_requests, &side_requests);
    Connection **all = calloc(SIDE_MAX, sizeof *all);
    for (long at = 0; at < options.side_connections; at++)
        all[side_free_count++] = open_soon(&chatd_rest, 0);
    side_free = all;
}

/* Takes them in turn: a server ends connections that ask for nothing. */
static Connection *longest_free(void)
{
    Connection *first = side_free[0];
    memmove(side_free, side_free + 1, --side_free_count * sizeof *side_free);
    return first;
}

void run_rate(void)
{
    open_pairs();
    open_idle((size_t)options.senders * 2);
    open_side();
    uint64_t start = now_us(), count_from = start + (uint64_t)(options.warm * 1e6),
             end = count_from + (uint64_t)(options.seconds * 1e6);
    uint64_t number = 0, side_number = 0, now;
    while ((now = now_us()) < end) {
        if (!counts && now >= count_from)
            begin_counting();
        uint64_t due = start + (uint64_t)((double)number / options.rate * 1e6), next = due;
        if (due <= now) {
            message_due(&pairs[number++ % (uint64_t)options.senders], due);
            next = now;
        }
        if (options.side_rate) {
            due = start + (uint64_t)((double)side_number / options.side_rate * 1e6);
            if (due <= now) {
                side_number++;
                if (side_free_count)
                    ask(longest_free(), &side_requests, due);
                else
                    side_skipped++;
                next = now;
            } else if (due < next) {
                next = due;
            }
        }
        turn((int64_t)(next < end ? next - now : end - now));
    }
    count_at_least_one();
    drain();
}

void run_fanout(void)
{
    pairs = calloc(1, sizeof *pairs);
    for (long at = 0; at < options.fan; at++) {
        Connection *receiver = open_soon(receiver_kind, 1);
        receiver->pair = pairs;
        pairs->receiver = receiver;
    }
    pairs->sender = open_soon(sender_kind, 0);
    pairs->sender->pair = pairs;
    until_ready();
    open_idle(2);
    bool was_warm = false;
    uint64_t count_from = after(options.warm), end = count_from + (uint64_t)(options.seconds * 1e6), now;
    while ((now = now_us()) < end || fan_left || !was_warm || !counted) {
        if (!was_warm && now >= count_from && !fan_left) {
            was_warm = true;
            first_us.count = last_us.count = counted = 0;
            begin_counting();
        }
        if (!fan_left && now >= fan_next_at) {
            fan_left = (size_t)options.fan;
            fan_sent_at = last_progress = now;
            pairs->sender->kind->send(pairs->sender, ++pairs->next);
        }
        turn(fan_left ? 100000 : (int64_t)(fan_next_at - now));
    }
    end_counting();
}

void run_open(void)
{
    if (!account_count)
        fail("there are no accounts");
    begin_counting();
    open_idle(0);
    end_counting();
    counted = ready;
}

void hold(void)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    for (;;) {
        turn(50000);
        char byte;
        if (poll(&input, 1, 0) > 0 && read(STDIN_FILENO, &byte, 1) <= 0)
            return;
    }
}

void run_ask(void)
{
    read_requests(options.requests, &requests);
    Connection **all = calloc((size_t)options.senders, sizeof *all);
    for (size_t at = 0; at < (size_t)options.senders; at++)
        all[at] = open_soon(sender_kind, at % account_count);
    until_ready();
    sends = true;
    for (long at = 0; at < options.senders; at++)
        ask(all[at], &requests, now_us());
    keep_on(after(options.warm));
    begin_counting();
    keep_on(after(options.seconds));
    count_at_least_one();
}
