from hw.fpga.sdc import sdc


def test_sdc_states_period_and_baud():
    text = sdc("digits.v", 50, 434)

    assert "create_clock -name clk -period 20.000 [get_ports clk]" in text
    assert "115207 baud" in text
    assert "digits.v" in text
