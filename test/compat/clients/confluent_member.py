"""A member of a group by confluent-kafka: confluent_member.py [KEY=VALUE…] PORT GROUP TOPIC…

Speaks with the test over its standard streams as clients/taking.ts does, and commits what it has taken.
"""
import json
import queue
import sys
import threading

from confluent_kafka import Consumer, KafkaException, TopicPartition

COMMIT_EVERY = 10


def main():
    told = sys.argv[1:]
    settings = dict(each.split('=', 1) for each in told if '=' in each)
    port, group, *topics = [each for each in told if '=' not in each]
    heard = queue.Queue()
    threading.Thread(target=listen, args=(heard,), daemon=True).start()
    consumer = Consumer(
        {
            'bootstrap.servers': f'127.0.0.1:{port}',
            'group.id': group,
            'client.id': 'confluent',
            'auto.offset.reset': 'earliest',
            'enable.auto.commit': False,
            'reconnect.backoff.max.ms': 500,
            'fetch.wait.max.ms': 100,
            **settings,
        }
    )
    member = Member(consumer, heard)
    cooperative = settings.get('partition.assignment.strategy') == 'cooperative-sticky'
    newer = settings.get('group.protocol') == 'consumer'

    def revoked(consumer, partitions):
        member.commit()
        member.forget(partitions)
        if cooperative or newer:
            consumer.incremental_unassign(partitions)

    def lost(_consumer, partitions):
        member.forget(partitions)

    consumer.subscribe(topics, on_revoke=revoked, on_lost=lost)
    member.work()
    consumer.close()


def listen(heard):
    for line in sys.stdin:
        heard.put(line.strip())
    heard.put('stop')


class Member:
    def __init__(self, consumer, heard):
        self.consumer = consumer
        self.heard = heard
        self.taken = {}
        self.stopped = False

    def work(self):
        count = 0
        while not self.stopped:
            messages = [each for each in self.consumer.consume(100, timeout=0.1) if not each.error()]
            if messages:
                self.take(messages)
            count += 1
            if count % COMMIT_EVERY == 0:
                self.commit()
            while not self.heard.empty():
                self.stopped = self.heard.get() == 'stop' or self.stopped
        self.commit()

    def take(self, messages):
        records = [
            [each.topic(), each.partition(), each.offset(), (each.value() or b'').decode()]
            for each in messages
        ]
        print(json.dumps(records), flush=True)
        while (word := self.heard.get()) != 'ok':
            self.stopped = True
        for each in messages:
            self.taken[each.topic(), each.partition()] = each.offset() + 1

    def commit(self):
        if not self.taken:
            return
        offsets = [TopicPartition(topic, partition, at) for (topic, partition), at in self.taken.items()]
        try:
            self.consumer.commit(offsets=offsets, asynchronous=False)
            self.taken = {}
        except KafkaException:
            # A rebalance came, or the broker is away. What is still this member's it will not read again,
            # and commits later.
            kept = {(each.topic, each.partition) for each in self.consumer.assignment()}
            self.taken = {key: at for key, at in self.taken.items() if key in kept}

    def forget(self, partitions):
        for each in partitions:
            self.taken.pop((each.topic, each.partition), None)


if __name__ == '__main__':
    main()
