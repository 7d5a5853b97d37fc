/* What is sent, and what comes of it: every message is acknowledged once and delivered once, or the run fails. */
#define _GNU_SOURCE
#include <string.h>

#include "run.h"

Pair *pairs;
Requests requests;
Connection **side_free;
size_t side_free_count, side_skipped;
bool sends, counts;
size_t opening, ready, sent, acked, delivered, done, lost, skipped, counted;
uint64_t last_progress;
Samples done_us, delivered_us, acked_us, asked_us, side_us;
uint64_t fan_sent_at, fan_next_at;
size_t fan_left;
Samples first_us, last_us;

void message_due(Pair *pair, uint64_t at)
{
    Slot *slot = &pair->slots[pair->next & pair->slots_mask];
    if (slot->is_open) {
        skipped++;
        return;
    }
    *slot = (Slot){.sent_at = at, .number = pair->next, .is_open = true};
    pair->outstanding++;
    sent++;
    pair->sender->kind->send(pair->sender, pair->next++);
}

void pump(Pair *pair)
{
    while (sends && pair->outstanding < (uint32_t)options.window)
        message_due(pair, now_us());
}

static void finish(Pair *pair, Slot *slot, uint64_t now)
{
    slot->is_open = false;
    pair->outstanding--;
    done++;
    if (counts) {
        counted++;
        add_sample(&done_us, now - slot->sent_at);
    }
    if (!strcmp(options.mode, "pump"))
        pump(pair);
}

static Slot *find_slot(Connection *connection, uint32_t number, const char *what)
{
    Slot *slot = &connection->pair->slots[number & connection->pair->slots_mask];
    if (!slot->is_open || slot->number != number)
        fail("%s of message %u, which is not on its way", what, number);
    return slot;
}

void on_acked(Connection *connection, uint32_t number)
{
    if (room_count)
        return room_acked(connection, number);
    if (!connection->pair || fan_sent_at)
        return;
    Slot *slot = find_slot(connection, number, "an acknowledgement");
    if (slot->is_acked)
        fail("message %u was acknowledged twice", number);
    slot->is_acked = true;
    acked++;
    last_progress = now_us();
    if (counts)
        add_sample(&acked_us, last_progress - slot->sent_at);
    if (slot->is_delivered)
        finish(connection->pair, slot, last_progress);
}

void on_delivered(Connection *connection, uint32_t number)
{
    if (room_count)
        return room_delivered(connection, number);
    uint64_t now = now_us();
    if (fan_left) {
        if (fan_left == (size_t)options.fan)
            add_sample(&first_us, now - fan_sent_at);
        if (!--fan_left) {
            add_sample(&last_us, now - fan_sent_at);
            counted++;
            fan_next_at = now + (uint64_t)options.gap_ms * 1000;
        }
        last_progress = now;
        return;
    }
    if (!connection->pair)
        return;
    Slot *slot = find_slot(connection, number, "a delivery");
    if (slot->is_delivered)
        fail("message %u was delivered twice", number);
    slot->is_delivered = true;
    delivered++;
    last_progress = now;
    if (counts)
        add_sample(&delivered_us, now - slot->sent_at);
    if (slot->is_acked)
        finish(connection->pair, slot, now);
}

void on_ready(Connection *connection)
{
    connection->is_ready = true;
    opening--;
    ready++;
    last_progress = now_us();
}

void ask(Connection *connection, Requests *from, uint64_t at)
{
    const Request *request = &from->all[from->next++ % from->count];
    connection->asked_at = at;
    connection->kind->ask(connection, request->data, request->size);
}

void on_answered(Connection *connection, bool is_good)
{
    (void)is_good;
    uint64_t now = now_us(), took = now - connection->asked_at;
    last_progress = now;
    connection->asked_at = 0;
    if (side_free) {
        if (counts)
            add_sample(&side_us, took);
        side_free[side_free_count++] = connection;
        return;
    }
    if (counts) {
        counted++;
        add_sample(&asked_us, took);
    }
    if (sends)
        ask(connection, &requests, now);
}
