/* MQTT 3.1.1, QoS 1: https://docs.oasis-open.org/mqtt/mqtt/v3.1.1/ */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "load.h"

#define IDS 65535

static void put_packet(Connection *connection, uint8_t type, const char *data, size_t size)
{
    uint8_t head[3] = {type, (uint8_t)size};
    size_t head_size = 2;
    if (size > 127) {
        head[1] = (uint8_t)(0x80 | (size & 0x7F));
        head[2] = (uint8_t)(size >> 7);
        head_size = 3;
    }
    put(&connection->out, head, head_size);
    put(&connection->out, data, size);
    flush_later(connection);
}

/* Writes a text with its length before it, and returns what comes after. */
static char *put_string(char *at, const char *text)
{
    size_t size = strlen(text);
    at[0] = (char)(size >> 8);
    at[1] = (char)size;
    memcpy(at + 2, text, size);
    return at + 2 + size;
}

static void open_mqtt(Connection *connection)
{
    char data[128] = {0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0}; /* a clean session that need not be kept alive */
    static uint32_t opened;
    char name[64];
    snprintf(name, sizeof name, "%.32s-%d-%u", connection->account->name, getpid(), opened++);
    put_packet(connection, 0x10, data, (size_t)(put_string(data + 10, name) - data));
}

static void subscribe(Connection *connection)
{
    char data[128] = {0, 1}, topic[64];
    snprintf(topic, sizeof topic, "to/%.32s", connection->account->id);
    char *end = put_string(data + 2, topic);
    *end++ = 1;
    put_packet(connection, 0x82, data, (size_t)(end - data));
}

extern const Kind mqtt_receiver;

static void hear(Connection *connection, uint8_t type, char *data, size_t size)
{
    uint32_t number;
    switch (type & 0xF0) {
    case 0x20: /* CONNACK */
        if (size < 2 || data[1])
            fail("MQTT: refused with %d", size < 2 ? -1 : data[1]);
        if (connection->kind == &mqtt_receiver)
            subscribe(connection);
        else
            on_ready(connection);
        break;
    case 0x90: /* SUBACK */
        on_ready(connection);
        break;
    case 0x40: { /* PUBACK: of the newest message with this id */
        uint32_t id = (uint32_t)(uint8_t)data[0] << 8 | (uint8_t)data[1], last = connection->pair->next - 1;
        on_acked(connection, last - (last % IDS + 1 + IDS - id) % IDS);
        break;
    }
    case 0x30: { /* PUBLISH */
        size_t topic = (size_t)(uint8_t)data[0] << 8 | (uint8_t)data[1];
        if (type & 6)
            put_packet(connection, 0x40, data + 2 + topic, 2);
        if (find_number(data + 4 + topic, size - 4 - topic, &number))
            on_delivered(connection, number);
        break;
    }
    default:
        fail("MQTT: an unexpected packet 0x%02x", type);
    }
}

static size_t take(Connection *connection, char *data, size_t size)
{
    size_t taken = 0;
    for (;;) {
        size_t length = 0, head = 1;
        int shift = 0;
        do {
            if (taken + head >= size)
                return taken;
            length |= (size_t)(data[taken + head] & 0x7F) << shift;
            shift += 7;
        } while (data[taken + head++] & 0x80);
        if (size - taken < head + length)
            return taken;
        hear(connection, (uint8_t)data[taken], data + taken + head, length);
        taken += head + length;
    }
}

static void send_message(Connection *connection, uint32_t number)
{
    char data[256], topic[64];
    uint32_t id = number % IDS + 1;
    snprintf(topic, sizeof topic, "to/%.32s", connection->pair->receiver->account->id);
    char *end = put_string(data, topic);
    *end++ = (char)(id >> 8);
    *end++ = (char)id;
    memcpy(end, content(number), CONTENT_SIZE);
    put_packet(connection, 0x32, data, (size_t)(end - data) + CONTENT_SIZE);
}

const Kind mqtt_sender = {"MQTT", open_mqtt, take, send_message, NULL};
const Kind mqtt_receiver = {"MQTT", open_mqtt, take, NULL, NULL};
