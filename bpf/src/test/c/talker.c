// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Talks over the network as its arguments say, one after the other, and prints what the kernel answered: a line "WORD RESULT" for each (-errno where it
 * refused). Every socket has the mark that was given last, by which whoever watches knows them apart. Addresses are numbers; of 4to6 they are IPv4, by a
 * socket of IPv6.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct in6_ifreq { /* the kernel's, which no header of the C library has */
	struct in6_addr address;
	unsigned int prefix;
	int interface;
};

struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in ipv4;
		struct sockaddr_in6 ipv6;
		struct sockaddr_un local;
	};
	socklen_t size;
};

static int mark, priority, source_port;

static struct address parsed(const char *text, int port)
{
	struct address address = {};

	if (strchr(text, ':')) {
		address.ipv6.sin6_family = AF_INET6;
		address.ipv6.sin6_port = htons(port);
		inet_pton(AF_INET6, text, &address.ipv6.sin6_addr);
		address.size = sizeof(address.ipv6);
	} else {
		address.ipv4.sin_family = AF_INET;
		address.ipv4.sin_port = htons(port);
		inet_pton(AF_INET, text, &address.ipv4.sin_addr);
		address.size = sizeof(address.ipv4);
	}
	return address;
}

/* A name that begins with @ is abstract; of both no byte follows the name. */
static struct address named(const char *name)
{
	struct address address = {.local.sun_family = AF_UNIX};

	strncpy(address.local.sun_path, name, sizeof(address.local.sun_path));
	address.size = offsetof(struct sockaddr_un, sun_path) + strlen(name);
	if (*name == '@')
		address.local.sun_path[0] = 0;
	return address;
}

static int opened(int family, int type, int protocol)
{
	int fd = socket(family, type, protocol);
	struct linger hard = {.l_onoff = 1};

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark));
	setsockopt(fd, SOL_SOCKET, SO_PRIORITY, &priority, sizeof(priority));
	if (type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	if (source_port) {
		struct address from = {.any.sa_family = family, .size = family == AF_INET6 ? sizeof(from.ipv6) : sizeof(from.ipv4)};
		int again = 1;

		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &again, sizeof(again));
		from.ipv4.sin_port = htons(source_port); /* where that of IPv6 is, too */
		if (bind(fd, &from.any, from.size))
			return -1;
	}
	return fd;
}

static long done(int fd, long result)
{
	long answer = result < 0 ? -errno : result;

	if (fd >= 0)
		close(fd);
	return answer;
}

static long connected(int type, struct address to)
{
	int fd = opened(to.any.sa_family, type, 0);

	return done(fd, fd < 0 ? -1 : connect(fd, &to.any, to.size));
}

static long sent(struct address to, const char *text)
{
	int fd = opened(to.any.sa_family, SOCK_DGRAM, 0);

	return done(fd, fd < 0 ? -1 : sendto(fd, text, strlen(text), 0, &to.any, to.size));
}

/* A datagram between headers of both kinds of options, which say nothing. */
static long sent_with_options(struct address to, const char *text)
{
	unsigned char nothing[8] = {0, 0, 1, 4};
	int fd = opened(AF_INET6, SOCK_DGRAM, 0);

	if (setsockopt(fd, IPPROTO_IPV6, IPV6_HOPOPTS, nothing, sizeof(nothing)) || setsockopt(fd, IPPROTO_IPV6, IPV6_DSTOPTS, nothing, sizeof(nothing)))
		return done(fd, -1);
	return done(fd, sendto(fd, text, strlen(text), 0, &to.any, to.size));
}

/* A datagram that is too long for the network: what goes out is fragments, of which the first has the ports. */
static long sent_in_fragments(struct address to)
{
	int fd = opened(to.any.sa_family, SOCK_DGRAM, 0);
	char text[2000] = {};

	return done(fd, sendto(fd, text, sizeof(text), 0, &to.any, to.size));
}

/* A fragment of IPv4, made by hand: its first bytes would be the ports if it were the first. */
static long sent_fragment(struct address to, int offset)
{
	struct {
		struct iphdr header;
		unsigned short words[4];
	} packet = {.header = {.version = 4, .ihl = 5, .ttl = 9, .protocol = IPPROTO_UDP, .frag_off = htons(offset), .id = htons(77)}};
	int fd = opened(AF_INET, SOCK_RAW, IPPROTO_RAW);

	packet.header.tot_len = htons(sizeof(packet));
	packet.header.daddr = to.ipv4.sin_addr.s_addr;
	packet.header.saddr = htonl(INADDR_LOOPBACK);
	packet.words[0] = htons(443);
	packet.words[1] = htons(443);
	return done(fd, sendto(fd, &packet, sizeof(packet), 0, &to.any, to.size));
}

/* An answer to a question that nobody asked: it has no ports, and nobody answers it. */
static long sent_echo(struct address to)
{
	struct icmphdr echo = {.type = ICMP_ECHOREPLY};
	int fd = opened(AF_INET, SOCK_RAW, IPPROTO_ICMP);

	return done(fd, sendto(fd, &echo, sizeof(echo), 0, &to.any, to.size));
}

/* Connects by the first data that it sends: connect(2) is never called. */
static long sent_fast(struct address to, const char *text)
{
	int fd = opened(to.any.sa_family, SOCK_STREAM, 0);

	return done(fd, fd < 0 ? -1 : sendto(fd, text, strlen(text), MSG_FASTOPEN, &to.any, to.size));
}

static long connected_to_none(void)
{
	struct address none = {.any.sa_family = AF_UNSPEC, .size = sizeof(none.ipv4)};
	int fd = opened(AF_INET, SOCK_DGRAM, 0);

	return done(fd, connect(fd, &none.any, none.size));
}

static struct address mapped(struct address ipv4)
{
	struct address address = {.ipv6.sin6_family = AF_INET6, .ipv6.sin6_port = ipv4.ipv4.sin_port, .size = sizeof(address.ipv6)};

	address.ipv6.sin6_addr.s6_addr[10] = 0xff;
	address.ipv6.sin6_addr.s6_addr[11] = 0xff;
	memcpy(&address.ipv6.sin6_addr.s6_addr[12], &ipv4.ipv4.sin_addr, 4);
	return address;
}

/* Stays open as long as this program runs, and is not watched: it has no mark. */
static long received(int type, struct address at)
{
	int fd = socket(at.any.sa_family, type, 0), again = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &again, sizeof(again));
	if (at.any.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &again, sizeof(again));
	if (bind(fd, &at.any, at.size))
		return -errno;
	return type == SOCK_STREAM && listen(fd, 9) ? -errno : 0;
}

static long bound(struct address at)
{
	int fd = opened(AF_UNIX, SOCK_STREAM, 0);

	return done(fd, bind(fd, &at.any, at.size));
}

/* A network of this process' own: its loopback has 127.0.0.0/8, ::1 and fd00:1::1, and takes packets of 1280 bytes. */
static long own_network(void)
{
	struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING}, size = {.ifr_name = "lo", .ifr_mtu = 1280};
	struct in6_ifreq second = {.prefix = 64};
	int fd;

	if (unshare(CLONE_NEWNET))
		return -errno;
	fd = socket(AF_INET6, SOCK_DGRAM, 0);
	if (ioctl(fd, SIOCSIFMTU, &size) || ioctl(fd, SIOCSIFFLAGS, &loopback))
		return done(fd, -1);
	second.interface = if_nametoindex("lo");
	inet_pton(AF_INET6, "fd00:1::1", &second.address);
	return done(fd, ioctl(fd, SIOCSIFADDR, &second));
}

int main(int count, char **words)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	for (int i = 1; i < count; i++) {
		const char *word = words[i];
		long result = 0;
#define IS(name, parameters) (!strcmp(word, name) && i + (parameters) < count && (i += (parameters), 1))
#define TEXT(back) words[i - (back)]
#define NUMBER(back) strtol(words[i - (back)], NULL, 0)
#define ADDRESS parsed(TEXT(1), NUMBER(0))
		if (IS("own-network", 0))
			result = own_network();
		else if (IS("mark", 1))
			result = mark = NUMBER(0);
		else if (IS("priority", 1))
			result = priority = NUMBER(0);
		else if (IS("from", 1))
			result = source_port = NUMBER(0);
		else if (IS("listen", 2))
			result = received(SOCK_STREAM, ADDRESS);
		else if (IS("receive", 2))
			result = received(SOCK_DGRAM, ADDRESS);
		else if (IS("listen-unix", 1))
			result = received(SOCK_STREAM, named(TEXT(0)));
		else if (IS("tcp", 2))
			result = connected(SOCK_STREAM, ADDRESS);
		else if (IS("tcp-4to6", 2))
			result = connected(SOCK_STREAM, mapped(ADDRESS));
		else if (IS("tcp-fast", 2))
			result = sent_fast(ADDRESS, "fast");
		else if (IS("udp", 2))
			result = connected(SOCK_DGRAM, ADDRESS);
		else if (IS("udp-none", 0))
			result = connected_to_none();
		else if (IS("send", 2))
			result = sent(ADDRESS, "word");
		else if (IS("send-4to6", 2))
			result = sent(mapped(ADDRESS), "word");
		else if (IS("send-options", 2))
			result = sent_with_options(ADDRESS, "word");
		else if (IS("send-fragments", 2))
			result = sent_in_fragments(ADDRESS);
		else if (IS("send-fragment", 2))
			result = sent_fragment(parsed(TEXT(1), 0), NUMBER(0));
		else if (IS("send-echo", 1))
			result = sent_echo(parsed(TEXT(0), 0));
		else if (IS("unix", 1))
			result = connected(SOCK_STREAM, named(TEXT(0)));
		else if (IS("bind-unix", 1))
			result = bound(named(TEXT(0)));
		else {
			fprintf(stderr, "talker: %s: not a word, or too few after it\n", word);
			return 2;
		}
		printf("%s %ld\n", word, result);
	}
	return 0;
}
