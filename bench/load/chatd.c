/* chatd's two dialects of the socket, and its REST calls, which the naive reference shares. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

/* Part of every client_id, so that no run repeats what another has sent. */
const char *run_name = "run";

enum { HANDSHAKE, HELLO, SYNCING, TALKING };

static void open_v2(Connection *connection)
{
    put_text(&connection->out,
             "GET /messages/ws HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
             "Sec-WebSocket-Protocol: chatd.v2\r\nAuthorization: Bearer %s\r\n\r\n",
             port, connection->account->token);
}

static void open_classic(Connection *connection)
{
    put_text(&connection->out,
             "GET /messages/ws?token=%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\n"
             "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
             connection->account->token, port);
}

static void hear_v2(Connection *connection, const char *text, size_t size)
{
    static const char sync[] = "{\"type\":\"sync\",\"id\":0,\"data\":{}}";
    uint32_t number;
    if (starts_with(text, size, "{\"type\":\"new_message\"")) {
        if (find_number(text, size, &number))
            on_delivered(connection, number);
    } else if (starts_with(text, size, "{\"type\":\"ack\"")) {
        if (connection->stage == SYNCING) {
            connection->stage = TALKING;
            on_ready(connection);
        } else if (connection->asked_at) {
            on_answered(connection, true);
        } else if (find_after(text, size, "\"re\":", &number)) {
            on_acked(connection, number);
        }
    } else if (starts_with(text, size, "{\"type\":\"hello\"")) {
        connection->stage = SYNCING;
        put_frame(connection, sync, sizeof sync - 1);
    } else if (starts_with(text, size, "{\"type\":\"error\"")) {
        fail("%.*s", (int)size, text);
    }
}

static size_t take_v2(Connection *connection, char *data, size_t size)
{
    size_t taken = 0;
    if (connection->stage == HANDSHAKE) {
        if (!(taken = upgraded(data, size)))
            return 0;
        connection->stage = HELLO;
    }
    return taken + take_frames(connection, data + taken, size - taken, hear_v2);
}

/* Groups are made before everything else, so that their ids are 1, 2, … */
const char *receiver_id(const Connection *connection)
{
    static char id[16];
    if (!connection->room)
        return connection->pair->receiver->account->id;
    snprintf(id, sizeof id, "%u", connection->room);
    return id;
}

static void send_v2(Connection *connection, uint32_t number)
{
    char frame[512];
    int size = snprintf(frame, sizeof frame,
                        "{\"type\":\"send\",\"id\":%u,\"data\":{\"%s\":%s,\"content\":\"%s\",\"client_id\":\"%s-%u\"}}",
                        number, connection->room ? "group" : "user", receiver_id(connection), content(number), run_name,
                        number);
    put_frame(connection, frame, (size_t)size);
}

const Kind chatd_v2 = {"chatd.v2", open_v2, take_v2, send_v2, put_frame};

static void hear_classic(Connection *connection, const char *text, size_t size)
{
    uint32_t number;
    if (find_number(text, size, &number))
        on_delivered(connection, number);
}

static size_t take_classic(Connection *connection, char *data, size_t size)
{
    size_t taken = 0;
    if (connection->stage == HANDSHAKE) {
        if (!(taken = upgraded(data, size)))
            return 0;
        connection->stage = TALKING;
        on_ready(connection);
    }
    return taken + take_frames(connection, data + taken, size - taken, hear_classic);
}

const Kind chatd_classic = {"classic", open_classic, take_classic, NULL, NULL};

/* REST: HTTP/1.1 with keep-alive, one request at a time. */

static void open_rest(Connection *connection)
{
    on_ready(connection);
}

static void send_rest(Connection *connection, uint32_t number)
{
    char body[512];
    int size = snprintf(body, sizeof body, "{\"content\":\"%s\",\"client_id\":\"%s-%u\"}", content(number), run_name,
                        number);
    put_text(&connection->out,
             "POST /messages/send/%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer %s\r\n"
             "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
             connection->pair->receiver->account->id, port, connection->account->token, size, body);
    connection->pending = number;
    flush_later(connection);
}

static void ask_rest(Connection *connection, const char *request, size_t size)
{
    put(&connection->out, request, size);
    flush_later(connection);
}

/* Returns the size of a whole answer, 0 while some is missing. */
size_t http_size(const char *data, size_t size, int *status)
{
    const char *end = memmem(data, size, "\r\n\r\n", 4);
    if (!end || size < 12)
        return 0;
    size_t head = (size_t)(end - data) + 4;
    *status = atoi(data + 9);
    for (const char *line = data; line && line < end; line = memmem(line, (size_t)(end - line), "\r\n", 2)) {
        line += line == data ? 0 : 2;
        if (!strncasecmp(line, "content-length:", 15)) {
            size_t length = strtoul(line + 15, NULL, 10);
            return size >= head + length ? head + length : 0;
        }
    }
    if (*status == 204)
        return head;
    fail("an answer without its length: %.*s", (int)head, data);
}

static size_t take_rest(Connection *connection, char *data, size_t size)
{
    size_t taken = 0, one;
    int status;
    while ((one = http_size(data + taken, size - taken, &status))) {
        bool is_good = status >= 200 && status < 300;
        if (!is_good)
            fail("%.*s", (int)one, data + taken);
        taken += one;
        if (connection->asked_at)
            on_answered(connection, is_good);
        else
            on_acked(connection, connection->pending);
    }
    return taken;
}

const Kind chatd_rest = {"REST", open_rest, take_rest, send_rest, ask_rest};
