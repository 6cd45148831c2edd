"""Copies by confluent-kafka, in transactions: confluent_copier.py PORT ID GROUP FROM TO

Every fourth transaction is aborted. What it copies goes to the partition that it comes from; for each
transaction that is committed it prints how many records were in it.
"""
import sys

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition


def main():
    port, transactional_id, group, source, target = sys.argv[1:]
    address = {
        'bootstrap.servers': f'127.0.0.1:{port}',
        'reconnect.backoff.max.ms': 500,
    }
    consumer = Consumer(
        {
            **address,
            'group.id': group,
            'auto.offset.reset': 'earliest',
            'enable.auto.commit': False,
            'isolation.level': 'read_committed',
            'session.timeout.ms': 6000,
            'heartbeat.interval.ms': 200,
            'fetch.wait.max.ms': 100,
        }
    )
    consumer.subscribe([source])
    while True:
        producer = Producer(
            {
                **address,
                'transactional.id': transactional_id,
                'transaction.timeout.ms': 5000,
                'linger.ms': 0,
            }
        )
        try:
            producer.init_transactions()
            copy(consumer, producer, target)
        except KafkaException as error:
            # A new producer takes over from the old one, and goes on where the group is.
            print(f'again: {error}', file=sys.stderr, flush=True)
            rewind(consumer)


def copy(consumer, producer, target):
    count = 0
    while True:
        messages = [each for each in consumer.consume(20, 0.2) if not each.error()]
        if not messages:
            continue
        producer.begin_transaction()
        try:
            for message in messages:
                producer.produce(target, message.value(), partition=message.partition())
            count += 1
            if count % 4 == 0:
                producer.abort_transaction()
                rewind(consumer)
                continue
            positions = consumer.position(consumer.assignment())
            read = [each for each in positions if each.offset >= 0]
            producer.send_offsets_to_transaction(read, consumer.consumer_group_metadata())
            producer.commit_transaction()
            print(len(messages), flush=True)
        except KafkaException as error:
            if error.args[0].fatal():
                raise
            print(f'aborts: {error}', file=sys.stderr, flush=True)
            producer.abort_transaction()
            rewind(consumer)


def rewind(consumer):
    while True:
        try:
            for each in consumer.committed(consumer.assignment(), timeout=5):
                offset = max(each.offset, 0)
                consumer.seek(TopicPartition(each.topic, each.partition, offset))
            return
        except KafkaException as error:
            print(f'rewinds again: {error}', file=sys.stderr, flush=True)


main()
