/* Groups: every message goes to one, and is done when it was acknowledged and all others connected there have it. */
#define _GNU_SOURCE
#include <stdlib.h>

#include "run.h"

typedef struct {
    uint64_t sent_at;
    uint32_t number, left;
    bool is_acked;
    Connection *sender; /* NULL where the slot is free */
} Posted;

size_t room_count, copies;

static Posted *posted;
static uint32_t posted_mask, next_number = 1;

static void post(Connection *sender)
{
    Posted *slot = &posted[next_number & posted_mask];
    if (slot->sender)
        fail("message %u is on its way for too long", slot->number);
    *slot = (Posted){.sent_at = now_us(), .number = next_number, .left = (uint32_t)options.fan - 1, .sender = sender};
    sender->pending++;
    sent++;
    sender->kind->send(sender, next_number++);
}

static void post_while_it_may(Connection *sender)
{
    while (sends && sender->pending < (uint32_t)options.window)
        post(sender);
}

static Posted *find_posted(uint32_t number, const char *what)
{
    Posted *slot = &posted[number & posted_mask];
    if (!slot->sender || slot->number != number)
        fail("%s of message %u, which is not on its way", what, number);
    last_progress = now_us();
    return slot;
}

static void finish_posted(Posted *slot)
{
    Connection *sender = slot->sender;
    if (!slot->is_acked || slot->left)
        return;
    slot->sender = NULL;
    sender->pending--;
    done++;
    if (counts) {
        counted++;
        add_sample(&done_us, last_progress - slot->sent_at);
    }
    post_while_it_may(sender);
}

void room_acked(Connection *connection, uint32_t number)
{
    Posted *slot = find_posted(number, "an acknowledgement");
    if (slot->sender != connection || slot->is_acked)
        fail("message %u was acknowledged twice, or to somebody else", number);
    slot->is_acked = true;
    acked++;
    if (counts)
        add_sample(&acked_us, last_progress - slot->sent_at);
    finish_posted(slot);
}

void room_delivered(Connection *connection, uint32_t number)
{
    Posted *slot = find_posted(number, "a delivery");
    if (slot->sender == connection || slot->sender->room != connection->room || !slot->left)
        fail("message %u was delivered to somebody who has it or must not have it", number);
    slot->left--;
    delivered++;
    if (counts) {
        copies++;
        if (!slot->left)
            add_sample(&last_us, last_progress - slot->sent_at);
    }
    finish_posted(slot);
}

void run_room(void)
{
    size_t all = (size_t)(options.rooms * options.senders), at = 0;
    if (options.senders > options.fan || options.fan > options.members || options.fan < 2)
        fail("who sends is connected, and who is connected is a member");
    posted_mask = 64;
    while (posted_mask < all * (size_t)options.window * 4)
        posted_mask *= 2;
    posted = calloc(posted_mask--, sizeof *posted);
    Connection **senders = calloc(all, sizeof *senders);
    for (size_t room = 0; room < (size_t)options.rooms; room++)
        for (size_t member = 0; member < (size_t)options.fan; member++) {
            coming_room = (uint32_t)(room + 1);
            Connection *connection = open_soon(sender_kind, room * (size_t)options.members + member);
            if (member < (size_t)options.senders)
                senders[at++] = connection;
        }
    until_ready();
    room_count = (size_t)options.rooms;
    sends = true;
    for (at = 0; at < all; at++)
        post_while_it_may(senders[at]);
    keep_on(after(options.warm));
    begin_counting();
    keep_on(after(options.seconds));
    count_at_least_one();
    drain();
}
