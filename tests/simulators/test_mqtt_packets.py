"""A fleet's packets are those of MQTT 5: another library reads what is written here, and what that library writes is read here."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators import mqtt_packets
from simulators.mqtt_packets import NotMqtt, PacketReader, PacketType


@given(st.integers(0, (1 << 28) - 1))
def test_a_length_comes_back(number: int) -> None:
    packet = bytes([PacketType.PUBLISH << 4]) + mqtt_packets.length(number)
    assert len(packet) <= 5
    value = sum((byte & 127) << 7 * place for place, byte in enumerate(packet[1:]))
    assert value == number


@given(st.text(max_size=20), st.integers(1, 65_535), st.binary(max_size=300), st.integers(1, 40))
def test_a_publish_comes_back_however_the_stream_is_cut(topic: str, packet_id: int, payload: bytes, cut: int) -> None:
    stream = mqtt_packets.publish(mqtt_packets.topic_field(topic), packet_id, payload) * 2 + mqtt_packets.PINGREQ
    reader = PacketReader()
    packets = [packet for start in range(0, len(stream), cut) for packet in reader.feed(stream[start : start + cut])]
    assert [kind for kind, _, _ in packets] == [PacketType.PUBLISH, PacketType.PUBLISH, PacketType.PINGREQ]
    for _, flags, body in packets[:2]:
        assert mqtt_packets.read_publish(flags, body) == (topic.encode(), payload)


def test_an_acknowledgement_says_its_reason_or_none() -> None:
    assert mqtt_packets.read_puback(b"\x00\x07") == (7, 0)
    assert mqtt_packets.read_puback(b"\x00\x07\x10") == (7, 0x10)


def test_what_is_no_packet_is_said_to_be_none() -> None:
    with pytest.raises(NotMqtt):
        list(PacketReader().feed(b"\x30\xff\xff\xff\xff\xff"))
    with pytest.raises(NotMqtt):
        mqtt_packets.read_publish(0, b"\x00")
