"""The strike and the bell by gpiozero: says why, where it finds no way to the lines."""
from gpiozero import Button, OutputDevice

strike = OutputDevice(17)
bell = Button(26)
