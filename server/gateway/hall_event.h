/* hall_event.h - the half of the hall that knows Socket.IO: who connects, the rooms, what is passed on. For hall.c alone. */
#ifndef GATEWAY_HALL_EVENT_H
#define GATEWAY_HALL_EVENT_H

#include "gateway/hall.h"
#include "socketio/socketio.h"

/* hall.c's: one packet into a guest's `out`; a ping, unless one is to be answered already. */
void hall_packet(struct hall *hall, struct guest *guest, enum engineio_type type, view data);
void hall_ping(struct hall *hall, struct guest *guest, uint64_t now_ms);

/* A packet of a guest. NOMEM; UNEXPECTED, VALUE: it does not belong here, or not like this. */
SOTTO_MUST_USE sotto_err hall_event(struct hall *hall, struct guest *guest,
                                    const struct socketio_packet *packet);
/* Tells a guest why something was not done, as the event REFUSED. */
void hall_refuse(struct hall *hall, struct guest *guest, const char *why);
/* Who knocks gets a seat that has become free, or is refused when those who sit there are all alive. */
void hall_knock(struct hall *hall, struct guest *guest);
void hall_room_leave(struct hall *hall, struct guest *guest);

#endif
