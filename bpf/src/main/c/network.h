/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What sockets, packets and addresses of sockets say: read when first asked for, once for all hooks of the call, and compared.
 *
 * An IPv4 address is kept as IPv6 maps it (::ffff:a.b.c.d), so a connection over IPv4 is the same whichever family its socket has, and networks of IPv4
 * match both. What is of neither family (a unix socket, ARP, no socket at all) has no addresses and ports: of those no filter holds, negated or not. A
 * packet of a protocol without ports, and a fragment but the first, has ports 0.
 *
 * Where the kernel keeps all that is in `view`, so that programs that do not ask are not slower to load.
 */
#ifndef SKEP_NETWORK_H
#define SKEP_NETWORK_H

#include "maps.h"
#include "text.h"
#include "view.h"

#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10

#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86DD

#define IPV4_BYTES 20 /* of its shortest header */
#define IPV4_LATER_FRAGMENT 0x1fff
#define IPV6_BYTES 40
#define IPV6_LATER_FRAGMENT 0xfff8
#define IPV6_EXTENSIONS 8 /* that are walked over; each kind comes once, one twice (RFC 8200) */

enum ip_protocol {
	IP_HOP_BY_HOP = 0,
	IP_TCP = 6,
	IP_UDP = 17,
	IP_DCCP = 33,
	IP_ROUTING = 43,
	IP_FRAGMENT = 44,
	IP_AUTHENTICATION = 51,
	IP_DESTINATION_OPTIONS = 60,
	IP_SCTP = 132,
	IP_UDP_LITE = 136,
};

static __always_inline bool is_network(__u8 kind)
{
	return kind >= ARGUMENT_SOCK && kind <= ARGUMENT_SOCKADDR;
}

/* A member of the kernel's struct at `from`, whose first bytes are in `raw`. 0 if this kernel has no such member. */
#define MEMBER(type, raw, from, which)                                                                                                     \
	({                                                                                                                                 \
		__u32 at_ = view.offsets[which];                                                                                           \
		type value_ = 0;                                                                                                           \
		if (at_ <= NETWORK_RAW_BYTES - sizeof(type))                                                                               \
			value_ = *(type *)((raw) + at_);                                                                                   \
		else if (at_ != NO_OFFSET)                                                                                                 \
			bpf_probe_read_kernel(&value_, sizeof(value_), (void *)(from) + at_);                                              \
		value_;                                                                                                                    \
	})

static __always_inline void put_ipv4(struct ip_address *to, __u32 address)
{
	to->words[0] = 0;
	to->words[1] = (__u64)address << 32 | __builtin_bswap32(0xffff);
}

static __always_inline bool is_ipv4(struct ip_address *address)
{
	return !address->words[0] && (__u32)address->words[1] == __builtin_bswap32(0xffff);
}

/* ---- sockets ---- */

static __noinline int read_sock(struct network_slot *slot, __u64 sock)
{
	struct network *network;
	__u8 *raw;

	if (!slot)
		return 0;
	network = &slot->network;
	raw = slot->raw;
	if (!sock || bpf_probe_read_kernel(raw, NETWORK_RAW_BYTES, (void *)sock)) {
		network->flags = NETWORK_UNREADABLE;
		return 0;
	}
	network->family = MEMBER(__u16, raw, sock, SOCK_FAMILY);
	network->state = MEMBER(__u8, raw, sock, SOCK_STATE);
	network->cookie = MEMBER(__u64, raw, sock, SOCK_COOKIE);
	bpf_probe_read_kernel(&network->type, sizeof(network->type), (void *)sock + view.offsets[SOCK_TYPE]);
	bpf_probe_read_kernel(&network->protocol, sizeof(network->protocol), (void *)sock + view.offsets[SOCK_PROTOCOL]);
	bpf_probe_read_kernel(&network->mark, sizeof(network->mark), (void *)sock + view.offsets[SOCK_MARK]);
	bpf_probe_read_kernel(&network->priority, sizeof(network->priority), (void *)sock + view.offsets[SOCK_PRIORITY]);
	if (network->family == AF_INET) {
		put_ipv4(&network->source, MEMBER(__u32, raw, sock, SOCK_RCV_SADDR));
		put_ipv4(&network->destination, MEMBER(__u32, raw, sock, SOCK_DADDR));
	} else if (network->family == AF_INET6) {
		bpf_probe_read_kernel(&network->source, sizeof(network->source), (void *)sock + view.offsets[SOCK_V6_RCV_SADDR]);
		bpf_probe_read_kernel(&network->destination, sizeof(network->destination), (void *)sock + view.offsets[SOCK_V6_DADDR]);
	} else {
		return 0;
	}
	network->flags = NETWORK_IP;
	network->source_port = MEMBER(__u16, raw, sock, SOCK_NUM);
	network->destination_port = __builtin_bswap16(MEMBER(__u16, raw, sock, SOCK_DPORT));
	return 0;
}

static __always_inline void read_socket(struct network_slot *slot, __u64 socket)
{
	__u64 sock = 0;

	bpf_probe_read_kernel(&sock, sizeof(sock), (void *)socket + view.offsets[SOCKET_SK]);
	read_sock(slot, sock);
}

/* ---- packets ---- */

struct packet {
	__u64 head; /* where the kernel has it */
	__u32 at; /* how far into it the walk is */
	__u32 end; /* of what is there in one piece */
	__u8 protocol; /* of what is at `at` */
	bool later_fragment;
};

static __always_inline bool read_packet(void *to, __u32 size, struct packet *packet)
{
	return packet->at + size <= packet->end && !bpf_probe_read_kernel(to, size, (void *)packet->head + packet->at);
}

static __always_inline bool is_extension(__u8 protocol)
{
	return protocol == IP_HOP_BY_HOP || protocol == IP_ROUTING || protocol == IP_FRAGMENT || protocol == IP_AUTHENTICATION ||
	       protocol == IP_DESTINATION_OPTIONS;
}

/* Over the headers between that of IPv6 and the transport's; it stops at the first that is not there. */
static __noinline int skip_extensions(struct packet *packet)
{
	if (!packet)
		return 0;
	for (int i = 0; i < IPV6_EXTENSIONS && is_extension(packet->protocol); i++) {
		struct {
			__u8 next;
			__u8 size;
			__u16 fragment;
		} header;

		if (packet->later_fragment || !read_packet(&header, sizeof(header), packet))
			return 0;
		if (packet->protocol == IP_FRAGMENT) {
			packet->later_fragment = __builtin_bswap16(header.fragment) & IPV6_LATER_FRAGMENT;
			packet->at += 8;
		} else if (packet->protocol == IP_AUTHENTICATION) {
			packet->at += (header.size + 2) * 4;
		} else {
			packet->at += (header.size + 1) * 8;
		}
		packet->protocol = header.next;
	}
	return 0;
}

static __always_inline void read_ports(struct network *network, struct packet *packet)
{
	__u16 ports[2];

	network->protocol = packet->protocol;
	if (packet->later_fragment)
		return;
	if (packet->protocol != IP_TCP && packet->protocol != IP_UDP && packet->protocol != IP_UDP_LITE && packet->protocol != IP_SCTP &&
	    packet->protocol != IP_DCCP)
		return;
	if (!read_packet(ports, sizeof(ports), packet))
		return;
	network->source_port = __builtin_bswap16(ports[0]);
	network->destination_port = __builtin_bswap16(ports[1]);
}

static __noinline int read_ip(struct network_slot *slot, struct packet *packet)
{
	struct network *network;
	__u8 *raw, version;

	if (!slot || !packet)
		return 0;
	network = &slot->network;
	raw = slot->raw;
	if (!read_packet(raw, IPV4_BYTES, packet))
		return 0;
	version = raw[0] >> 4;
	if (version == 4) {
		network->family = AF_INET;
		put_ipv4(&network->source, *(__u32 *)(raw + 12));
		put_ipv4(&network->destination, *(__u32 *)(raw + 16));
		packet->protocol = raw[9];
		packet->later_fragment = __builtin_bswap16(*(__u16 *)(raw + 6)) & IPV4_LATER_FRAGMENT;
		packet->at += (raw[0] & 15) * 4;
	} else if (version == 6 && read_packet(raw, IPV6_BYTES, packet)) {
		network->family = AF_INET6;
		network->source = *(struct ip_address *)(raw + 8);
		network->destination = *(struct ip_address *)(raw + 24);
		packet->protocol = raw[6];
		packet->at += IPV6_BYTES;
		skip_extensions(packet);
	} else {
		return 0;
	}
	network->flags = NETWORK_IP;
	read_ports(network, packet);
	return 0;
}

/* What IPsec did to it: how many transformations, and how many of those by hardware. */
static __always_inline void read_security_path(struct network *network, __u64 extensions, __u8 active)
{
	__u32 id = view.offsets[SKB_SECURITY_PATH];
	__u32 lengths[2] = {};
	__u8 words = 0;

	if (id > 7 || !(active >> id & 1))
		return;
	bpf_probe_read_kernel(&words, sizeof(words), (void *)extensions + view.offsets[EXTENSION_OFFSETS] + id);
	bpf_probe_read_kernel(lengths, sizeof(lengths), (void *)extensions + words * 8 + view.offsets[SECURITY_PATH_LEN]);
	network->security_path = lengths[0];
	network->security_path_offloaded = lengths[1];
}

static __noinline int read_skb(struct network_slot *slot, __u64 skb)
{
	__u32 bytes = view.offsets[SKB_BYTES];
	struct packet packet = {};
	struct network *network;
	__u16 protocol;
	__u8 *raw;

	if (!slot)
		return 0;
	network = &slot->network;
	raw = slot->raw;
	if (bytes > NETWORK_RAW_BYTES)
		bytes = NETWORK_RAW_BYTES;
	if (!skb || bpf_probe_read_kernel(raw, bytes, (void *)skb)) {
		network->flags = NETWORK_UNREADABLE;
		return 0;
	}
	network->hash = MEMBER(__u32, raw, skb, SKB_HASH);
	network->length = MEMBER(__u32, raw, skb, SKB_LEN);
	network->mark = MEMBER(__u32, raw, skb, SKB_MARK);
	network->priority = MEMBER(__u32, raw, skb, SKB_PRIORITY);
	read_security_path(network, MEMBER(__u64, raw, skb, SKB_EXTENSIONS), MEMBER(__u8, raw, skb, SKB_ACTIVE_EXTENSIONS));
	packet.head = MEMBER(__u64, raw, skb, SKB_HEAD);
	packet.end = MEMBER(__u32, raw, skb, SKB_TAIL);
	packet.at = MEMBER(__u16, raw, skb, SKB_NETWORK_HEADER);
	protocol = __builtin_bswap16(MEMBER(__u16, raw, skb, SKB_PROTOCOL));
	if (!protocol || protocol == ETH_P_IP || protocol == ETH_P_IPV6) /* 0: not told yet */
		read_ip(slot, &packet);
	return 0;
}

/* ---- addresses ---- */

/* Of struct sockaddr_in and sockaddr_in6. Shorter ones than that of IPv6 may lie at the end of what can be read. */
static __noinline int read_sockaddr(struct network_slot *slot, __u64 address)
{
	struct network *network;
	__u8 *raw;

	if (!slot)
		return 0;
	network = &slot->network;
	raw = slot->raw;
	*(__u64 *)raw = 0;
	if (read_bytes(raw, 28, address) && read_bytes(raw, 16, address) && read_bytes(raw, 2, address)) {
		network->flags = NETWORK_UNREADABLE;
		return 0;
	}
	network->family = *(__u16 *)raw;
	if (network->family == AF_INET)
		put_ipv4(&network->source, *(__u32 *)(raw + 4));
	else if (network->family == AF_INET6)
		network->source = *(struct ip_address *)(raw + 8);
	else
		return 0;
	network->flags = NETWORK_IP;
	network->source_port = __builtin_bswap16(*(__u16 *)(raw + 2));
	return 0;
}

/* ---- all of them ---- */

/* What an argument says, read now unless this call has it already. NULL if there is no room for any. */
static __always_inline struct network *network_of(struct chain *chain, const volatile struct argument_plan *argument)
{
	struct network_slot *slot = network_at(chain, argument->index);
	__u64 value;

	if (!slot)
		return NULL;
	if (chain->networks_read & 1U << argument->index && slot->kind == argument->kind)
		return &slot->network;
	value = argument_value(chain, argument->index);
	__builtin_memset(&slot->network, 0, sizeof(slot->network));
	if (argument->kind == ARGUMENT_SOCK)
		read_sock(slot, value);
	else if (argument->kind == ARGUMENT_SOCKET)
		read_socket(slot, value);
	else if (argument->kind == ARGUMENT_SKB)
		read_skb(slot, value);
	else
		read_sockaddr(slot, value);
	slot->kind = argument->kind;
	chain->networks_read |= 1U << argument->index;
	return &slot->network;
}

/* ---- filters ---- */

static __noinline bool is_in_networks(struct ip_address *address, __u32 set)
{
	struct network_key key = {.bits = 8 * (sizeof(key.version) + sizeof(key.address))};

	if (!address)
		return false;
	key.version = is_ipv4(address) ? 4 : 6;
	key.address = *address;
	return is_in(&network_sets, set, &key);
}

static __always_inline bool is_address(const volatile struct filter_plan *filter, struct ip_address *address)
{
	__u32 ipv4 = __builtin_bswap32(address->words[1] >> 32);
	__u8 count = filter->count;
	bool found = false;

	if (count == IN_SET)
		return is_in_networks(address, filter->set);
	if (!is_ipv4(address))
		return false;
#pragma clang loop unroll(full)
	for (int i = 0; i < INLINE_VALUES; i++)
		if (count > i && (ipv4 & (__u32)filter->values[i]) == filter->values[i] >> 32)
			found = true;
	return found;
}

static __always_inline bool is_in_pairs(const volatile struct filter_plan *filter, __u32 number)
{
	__u8 count = filter->count;
	bool found = false;

	if (count == IN_SET)
		return is_in_ranges(number, filter->set);
#pragma clang loop unroll(full)
	for (int i = 0; i < INLINE_VALUES; i++)
		if (count > i && number >= (__u32)filter->values[i] && number <= filter->values[i] >> 32)
			found = true;
	return found;
}

static __always_inline bool network_filter_holds(const volatile struct filter_plan *filter, struct chain *chain,
						 const volatile struct argument_plan *argument)
{
	struct network *network = network_of(chain, argument);
	__u8 operator = filter->operator;
	bool found;

	if (!network)
		return filter->negated;
	if (operator == FILTER_FAMILY) {
		found = is_in_pairs(filter, network->family);
	} else if (operator == FILTER_PROTOCOL) {
		found = is_in_pairs(filter, network->protocol);
	} else if (operator == FILTER_STATE) {
		found = is_in_pairs(filter, network->state);
	} else {
		if (!(network->flags & NETWORK_IP))
			return false;
		if (operator == FILTER_SOURCE_PORT)
			found = is_in_pairs(filter, network->source_port);
		else if (operator == FILTER_DESTINATION_PORT)
			found = is_in_pairs(filter, network->destination_port);
		else if (operator == FILTER_SOURCE_ADDRESS)
			found = is_address(filter, &network->source);
		else
			found = is_address(filter, &network->destination);
	}
	return found != filter->negated;
}

#endif
