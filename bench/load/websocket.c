/* WebSocket frames as a client writes and reads them: RFC 6455, section 5.2. */
#define _GNU_SOURCE
#include <string.h>

#include "load.h"

static void put_masked(Connection *connection, uint8_t first, const char *payload, size_t size)
{
    uint8_t head[14];
    size_t head_size = 2;
    head[0] = first;
    if (size < 126) {
        head[1] = (uint8_t)(0x80 | size);
    } else {
        if (size > 0xFFFF)
            fail("a frame too long");
        head[1] = 0x80 | 126;
        head[2] = (uint8_t)(size >> 8);
        head[3] = (uint8_t)size;
        head_size = 4;
    }
    connection->mask ^= connection->mask << 13; /* xorshift: a mask must differ, not be secret from ourselves */
    connection->mask ^= connection->mask >> 17;
    connection->mask ^= connection->mask << 5;
    uint8_t mask[4];
    memcpy(mask, &connection->mask, 4);
    memcpy(head + head_size, mask, 4);
    put(&connection->out, head, head_size + 4);
    size_t start = connection->out.size;
    put(&connection->out, payload, size);
    char *written = connection->out.data + start;
    for (size_t at = 0; at < size; at++)
        written[at] ^= (char)mask[at & 3];
    flush_later(connection);
}

void put_frame(Connection *connection, const char *payload, size_t size)
{
    put_masked(connection, 0x81, payload, size);
}

size_t take_frames(Connection *connection, char *data, size_t size, void (*text)(Connection *, const char *, size_t))
{
    size_t taken = 0;
    while (size - taken >= 2) {
        const uint8_t *frame = (const uint8_t *)data + taken;
        size_t left = size - taken, length = frame[1] & 0x7F, head = 2;
        if (frame[1] & 0x80)
            fail("%s: a masked frame from the server", connection->kind->name);
        if (length == 126) {
            if (left < 4)
                break;
            length = (size_t)frame[2] << 8 | frame[3];
            head = 4;
        } else if (length == 127) {
            if (left < 10)
                break;
            length = 0;
            for (int at = 2; at < 10; at++)
                length = length << 8 | frame[at];
            head = 10;
        }
        if (left < head + length)
            break;
        const char *payload = (const char *)frame + head;
        switch (frame[0]) {
        case 0x81:
            text(connection, payload, length);
            break;
        case 0x88:
            fail("%s: closed with %d: %.*s", connection->kind->name,
                 length >= 2 ? (uint8_t)payload[0] << 8 | (uint8_t)payload[1] : 1005, length > 2 ? (int)length - 2 : 0,
                 payload + 2);
        case 0x89:
            put_masked(connection, 0x8A, payload, length);
            break;
        case 0x8A:
            break;
        default:
            fail("%s: an unexpected frame 0x%02x", connection->kind->name, frame[0]);
        }
        taken += head + length;
    }
    return taken;
}

size_t upgraded(const char *data, size_t size)
{
    const char *end = memmem(data, size, "\r\n\r\n", 4);
    if (!end)
        return 0;
    if (!starts_with(data, size, "HTTP/1.1 101"))
        fail("no handshake: %.*s", (int)size, data);
    return (size_t)(end - data) + 4;
}
