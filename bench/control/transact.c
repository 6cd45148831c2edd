// Transactions through librdkafka, without linger: each is one record in each of the partitions and an offset of a group.
// Build: cc -O2 -o transact transact.c -lrdkafka -lpthread   (Debian package librdkafka-dev)
//
//   transact -b HOST:PORT -t TOPIC -p PARTITIONS -c PRODUCERS -w WARM_SECONDS -s SECONDS
//
// Prints a line "measuring" when the measured seconds begin, and one of JSON when they are over: how many transactions were
// committed in them, how long they were, and how many there have been in all. Exit 1 when a call failed.
#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *brokers = "127.0.0.1:9092", *topic = "transacted";
static int partitions = 1, producers = 1;
static double warm = 5, seconds = 5;
static volatile int stopped = 0;

typedef struct { pthread_t thread; int index; volatile long done; } worker_t;

static double now_s(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec / 1e9; }

static void must(rd_kafka_error_t *error, const char *what) {
  if (!error) return;
  fprintf(stderr, "%s: %s\n", what, rd_kafka_error_string(error));
  exit(1);
}

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *m, void *o) {
  if (m->err) { fprintf(stderr, "delivery: %s\n", rd_kafka_err2str(m->err)); exit(1); }
}

static void *work(void *of) {
  worker_t *worker = of;
  char err[512], id[64];
  snprintf(id, sizeof id, "transact-%d", worker->index);
  rd_kafka_conf_t *c = rd_kafka_conf_new();
  rd_kafka_conf_set(c, "bootstrap.servers", brokers, err, sizeof err);
  rd_kafka_conf_set(c, "broker.address.family", "v4", err, sizeof err);
  rd_kafka_conf_set(c, "transactional.id", id, err, sizeof err);
  rd_kafka_conf_set(c, "linger.ms", "0", err, sizeof err);
  rd_kafka_conf_set_dr_msg_cb(c, on_delivery);
  rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, c, err, sizeof err);
  if (!rk) { fprintf(stderr, "%s\n", err); exit(2); }
  must(rd_kafka_init_transactions(rk, 60000), "init_transactions");
  rd_kafka_consumer_group_metadata_t *group = rd_kafka_consumer_group_metadata_new(id);
  rd_kafka_topic_t *rkt = rd_kafka_topic_new(rk, topic, NULL);
  while (!stopped) {
    must(rd_kafka_begin_transaction(rk), "begin_transaction");
    for (int partition = 0; partition < partitions; partition++)
      if (rd_kafka_produce(rkt, partition, RD_KAFKA_MSG_F_COPY, "value", 5, NULL, 0, NULL)) {
        fprintf(stderr, "produce: %s\n", rd_kafka_err2str(rd_kafka_last_error()));
        exit(1);
      }
    rd_kafka_topic_partition_list_t *offsets = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(offsets, topic, 0)->offset = worker->done + 1;
    must(rd_kafka_send_offsets_to_transaction(rk, offsets, group, 60000), "send_offsets_to_transaction");
    rd_kafka_topic_partition_list_destroy(offsets);
    must(rd_kafka_commit_transaction(rk, 60000), "commit_transaction");
    worker->done++;
  }
  rd_kafka_topic_destroy(rkt);
  rd_kafka_consumer_group_metadata_destroy(group);
  rd_kafka_destroy(rk);
  return NULL;
}

static long all_done(worker_t *workers) {
  long sum = 0;
  for (int i = 0; i < producers; i++) sum += workers[i].done;
  return sum;
}

int main(int argc, char **argv) {
  for (int i = 1; i + 1 < argc; i += 2) {
    char *k = argv[i], *v = argv[i + 1];
    if (!strcmp(k, "-b")) brokers = v; else if (!strcmp(k, "-t")) topic = v; else if (!strcmp(k, "-p")) partitions = atoi(v);
    else if (!strcmp(k, "-c")) producers = atoi(v); else if (!strcmp(k, "-w")) warm = atof(v); else if (!strcmp(k, "-s")) seconds = atof(v);
    else { fprintf(stderr, "unknown option %s\n", k); return 2; }
  }
  worker_t *workers = calloc(producers, sizeof *workers);
  for (int i = 0; i < producers; i++) { workers[i].index = i; pthread_create(&workers[i].thread, NULL, work, &workers[i]); }
  usleep(warm * 1e6);
  printf("measuring\n");
  fflush(stdout);
  double start = now_s();
  long before = all_done(workers);
  usleep(seconds * 1e6);
  double took = now_s() - start;
  long count = all_done(workers) - before;
  printf("{\"transactions\":%ld,\"seconds\":%.3f", count, took);
  fflush(stdout);
  stopped = 1;
  for (int i = 0; i < producers; i++) pthread_join(workers[i].thread, NULL);
  printf(",\"all\":%ld}\n", all_done(workers));
  return 0;
}
