; Two squares that two players move. Button A changes the background's colour and plays a tone.
; The first square's place is kept in the cartridge's battery memory.

PPU_CTRL   = $2000
PPU_MASK   = $2001
PPU_STATUS = $2002
OAM_ADDR   = $2003
PPU_SCROLL = $2005
PPU_ADDR   = $2006
PPU_DATA   = $2007
PULSE_1    = $4000
DMC_IRQ    = $4010
OAM_DMA    = $4014
APU_STATUS = $4015
PAD_1      = $4016
PAD_2      = $4017
BATTERY    = $6000
BATTERY_SET = $6001
MARK       = $5A

PAD_A      = %10000000
PAD_UP     = %00001000
PAD_DOWN   = %00000100
PAD_LEFT   = %00000010
PAD_RIGHT  = %00000001

.segment "HEADER"
    .byte "NES", $1A
    .byte 2, 1              ; 2 x 16 KiB of program, 1 x 8 KiB of pictures
    .byte %00000010, 0      ; mapper 0, battery
    .byte 1, 0, 0, 0, 0, 0, 0, 0

.segment "ZEROPAGE"
pad_1:  .res 1
pad_2:  .res 1
before: .res 1
colour: .res 1

.segment "OAM"
oam:    .res 256

.segment "CODE"
reset:
    sei
    cld
    ldx #$40
    stx PAD_2               ; no frame interrupt
    ldx #$FF
    txs
    inx
    stx PPU_CTRL
    stx PPU_MASK
    stx DMC_IRQ
    jsr wait_for_picture
    lda #0
    tax
@clear:
    sta $00, x
    inx
    bne @clear
    lda #$FF                ; below the picture
@hide:
    sta oam, x
    inx
    bne @hide
    jsr wait_for_picture

    lda #$3F
    ldx #$00
    jsr set_address
@palette:
    lda palette, x
    sta PPU_DATA
    inx
    cpx #32
    bne @palette

    lda #$20                ; an empty picture with a floor
    ldx #$00
    jsr set_address
    ldy #4
    lda #0
@empty:
    sta PPU_DATA
    inx
    bne @empty
    dey
    bne @empty
    lda #$23
    ldx #$40
    jsr set_address
    lda #1
    ldx #64
@floor:
    sta PPU_DATA
    dex
    bne @floor

    ldx #7
@squares:
    lda squares, x
    sta oam, x
    dex
    bpl @squares
    lda BATTERY_SET
    cmp #MARK
    bne @fresh
    lda BATTERY
    sta oam + 3
@fresh:
    lda #MARK
    sta BATTERY_SET

    lda #1
    sta APU_STATUS
    lda #%10000000
    sta PPU_CTRL
    lda #%00011110
    sta PPU_MASK
forever:
    jmp forever

wait_for_picture:
    bit PPU_STATUS
@wait:
    bit PPU_STATUS
    bpl @wait
    rts

set_address:                ; a: high, x: low
    bit PPU_STATUS
    sta PPU_ADDR
    stx PPU_ADDR
    rts

read_pads:
    lda #1
    sta PAD_1
    sta pad_2
    lsr a
    sta PAD_1
@next:
    lda PAD_1
    lsr a
    rol pad_1
    lda PAD_2
    lsr a
    rol pad_2
    bcc @next
    rts

move:                       ; a: pad, y: offset of the square
    lsr a
    bcc @not_right
    tax
    lda oam + 3, y
    clc
    adc #2
    sta oam + 3, y
    txa
@not_right:
    lsr a
    bcc @not_left
    tax
    lda oam + 3, y
    sec
    sbc #2
    sta oam + 3, y
    txa
@not_left:
    lsr a
    bcc @not_down
    tax
    lda oam, y
    clc
    adc #2
    sta oam, y
    txa
@not_down:
    lsr a
    bcc @not_up
    lda oam, y
    sec
    sbc #2
    sta oam, y
@not_up:
    rts

nmi:
    lda #0
    sta OAM_ADDR
    lda #>oam
    sta OAM_DMA

    lda #$3F
    ldx #$00
    jsr set_address
    ldx colour
    lda colours, x
    sta PPU_DATA
    lda #0
    sta PPU_SCROLL
    sta PPU_SCROLL

    lda pad_1
    sta before
    jsr read_pads
    lda pad_1
    ldy #0
    jsr move
    lda pad_2
    ldy #4
    jsr move
    lda oam + 3
    sta BATTERY

    lda pad_1
    bpl @silent
    lda before
    bmi @done
    inc colour
    lda colour
    and #3
    sta colour
    lda #%10111111
    sta PULSE_1
    lda #%00001000
    sta PULSE_1 + 1
    lda #$FD
    sta PULSE_1 + 2
    lda #0
    sta PULSE_1 + 3
    jmp @done
@silent:
    lda #%10110000
    sta PULSE_1
@done:
    rti

irq:
    rti

colours:
    .byte $0F, $12, $16, $1A    ; black, blue, red, green
palette:
    .byte $0F, $30, $30, $30, $0F, $30, $30, $30, $0F, $30, $30, $30, $0F, $30, $30, $30
    .byte $0F, $28, $28, $28, $0F, $24, $24, $24, $0F, $30, $30, $30, $0F, $30, $30, $30
squares:
    .byte 100, 2, 0, 60         ; y, picture, palette, x
    .byte 140, 2, 1, 180

.segment "VECTORS"
    .word nmi, reset, irq

.segment "CHARS"
    .res 16, $00
    .byte $FF, $81, $81, $FF, $FF, $18, $18, $FF
    .res 8, $00
    .res 8, $FF
    .res 8, $00
