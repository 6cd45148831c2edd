"""Writes or reads one partition with confluent-kafka: confluent.py write|read PORT TOPIC [CODEC]."""
import sys

from confluent_kafka import Consumer, Producer, TopicPartition


def write(servers, topic, codec):
    producer = Producer(
        {
            'bootstrap.servers': servers,
            'compression.type': codec,
            'enable.idempotence': True,
            'linger.ms': 5,
            'message.max.bytes': 1000000,
        }
    )
    failures = []

    def delivered(error, _message):
        if error is not None:
            failures.append(error)

    for line in sys.stdin.buffer:
        while True:
            try:
                producer.produce(topic, line.rstrip(b'\n'), partition=0, on_delivery=delivered)
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
    producer.flush()
    if failures:
        sys.exit(f'{len(failures)} messages failed: {failures[0]}')


def read(servers, topic):
    consumer = Consumer({'bootstrap.servers': servers, 'group.id': 'none', 'enable.auto.commit': False})
    partition = TopicPartition(topic, 0, 0)
    _, end = consumer.get_watermark_offsets(partition, timeout=10)
    consumer.assign([partition])
    count = 0
    while count < end:
        for message in consumer.consume(1000, timeout=10):
            if message.error():
                sys.exit(str(message.error()))
            sys.stdout.buffer.write(message.value() + b'\n')
            count += 1
    consumer.close()


if __name__ == '__main__':
    address = f'127.0.0.1:{sys.argv[2]}'
    if sys.argv[1] == 'write':
        write(address, sys.argv[3], sys.argv[4])
    else:
        read(address, sys.argv[3])
